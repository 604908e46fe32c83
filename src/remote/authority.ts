import * as v from 'valibot';

const prefix = 'ssh-remote+';

/** The remote authority by which every Remote-SSH opens an alias. */
export function authorityOf(alias: string): string {
  return prefix + alias;
}

/**
 * The SSH host of a window's remote authority, or undefined if it is not a Remote-SSH window. Remote-SSH writes a
 * host that is not plain (upper case, user, port) as the hexadecimal form of a JSON object.
 */
export function hostOfAuthority(authority: string): string | undefined {
  if (!authority.startsWith(prefix)) return undefined;
  const host = authority.slice(prefix.length);
  if (host.length % 2 !== 0 || !/^7b[0-9a-f]+$/i.test(host)) return host;
  return hostOfJson(Buffer.from(host, 'hex').toString('utf8')) ?? host;
}

const jsonHost = v.object({ hostName: v.string() });

function hostOfJson(text: string): string | undefined {
  try {
    const parsed = v.safeParse(jsonHost, JSON.parse(text));
    return parsed.success ? parsed.output.hostName : undefined;
  } catch {
    // Not JSON: a host whose plain name looks like hexadecimal digits.
    return undefined;
  }
}
