import type { Provider } from '../provider';
import { AgentServerClient } from './agentServerClient';
import { OpenHandsApi } from './api';
import { OpenHandsClient } from './client';
import { hostedCloud } from './runningLimit';

/** OpenHands' app server (https://docs.openhands.dev): OpenHands Cloud, or a server of one's own. */
export const openHandsProvider: Provider = {
  kind: 'openhands',
  title: 'OpenHands',
  signIn: {
    baseUrl: hostedCloud,
    methods: [
      {
        kind: 'deviceFlow',
        flow: { authorizationPath: '/oauth/device/authorize', tokenPath: '/oauth/device/token' },
      },
      { kind: 'token', name: 'apiKey', page: '/settings/api-keys', isOptional: true },
    ],
  },
  canCreate: true,
  leastPollMs: 3_000,
  connect: (endpoint, log) => new OpenHandsClient(new OpenHandsApi(endpoint, log)),
};

/** One agent-server of OpenHands that is reached without a cloud: code that runs beside it already. */
export const agentServerProvider: Provider = {
  kind: 'openhands-agent-server',
  title: 'OpenHands agent-server',
  signIn: { methods: [{ kind: 'token', name: 'sessionKey', isOptional: true }] },
  canCreate: false,
  connect: (endpoint, log) => new AgentServerClient(endpoint, log),
};
