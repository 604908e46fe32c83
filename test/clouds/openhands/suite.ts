import { AppServerClient } from './client';
import { OpenHandsCloud } from './cloud';
import type { OpenHandsOptions } from './options';

export interface StartedCloud {
  readonly cloud: OpenHandsCloud;
  readonly client: AppServerClient;
}

/** Gives the suite it is called in a way to start clouds, each of which ends with its test. */
export function useOpenHandsClouds(
  common: OpenHandsOptions = {},
): (options?: OpenHandsOptions) => Promise<StartedCloud> {
  const clouds: OpenHandsCloud[] = [];
  afterEach(async () => {
    for (const cloud of clouds.splice(0)) await cloud.close();
  });
  return async (options) => {
    const cloud = await OpenHandsCloud.start({ ...common, ...options });
    clouds.push(cloud);
    return { cloud, client: new AppServerClient(cloud) };
  };
}
