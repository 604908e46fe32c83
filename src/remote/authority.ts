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

/** Of a URI, as far as it says where something is. */
export interface Location {
  readonly scheme: string;
  readonly authority: string;
}

/** What is open in a window. */
export interface OpenResources {
  readonly workspaceFile: Location | undefined;
  readonly folders: readonly Location[];
  readonly documents: readonly Location[];
}

/** The SSH host of a window, as far as what is open in it tells; undefined if nothing does. */
export function hostOfOpen({ workspaceFile, folders, documents }: OpenResources): string | undefined {
  // Other documents, such as a comparison's, have authorities of their own making.
  const remoteDocuments = documents.filter(({ scheme }) => scheme === 'vscode-remote');
  // A workspace that was not saved yet has a file without an authority; its folders have one.
  const authorities = [workspaceFile, folders[0], ...remoteDocuments].map((location) => location?.authority);
  const authority = authorities.find(Boolean);
  return authority === undefined ? undefined : hostOfAuthority(authority);
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
