import { hostObstacle, installHost, type VsCodeHost } from '../../vscode/host/install';
import { Unavailable } from '../bench';

/** The VS Code that is measured. Throws {@link Unavailable} where there can be none. */
export async function requireHost(): Promise<VsCodeHost> {
  const obstacle = hostObstacle();
  if (obstacle !== undefined) throw new Unavailable(obstacle);
  return installHost();
}
