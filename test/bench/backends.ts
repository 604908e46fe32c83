/** How our bridge makes channels in a sandbox. The third way, `sshd`, is what it is compared with. */
export type OurBackend = 'exec' | 'agent';

/** What `make` gives for each of ours. */
export function byBackend<T>(make: (backend: OurBackend) => T): Readonly<Record<OurBackend, T>> {
  return { exec: make('exec'), agent: make('agent') };
}
