import type { Provider } from '../provider';
import { BoxliteApi } from './api';
import { BoxliteClient } from './client';

/**
 * The BoxLite Box API (https://github.com/boxlite-ai/boxlite, openapi/box.openapi.yaml): BoxLite's cloud, a
 * `boxlite serve` and our own local cloud, told apart by base URL and token only.
 */
export const boxliteProvider: Provider = {
  kind: 'boxlite',
  title: 'BoxLite',
  signIn: { methods: [{ kind: 'token', name: 'accessToken' }] },
  canCreate: true,
  connect: (endpoint, log) => new BoxliteClient(new BoxliteApi(endpoint, log)),
};
