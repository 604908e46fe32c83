/** The Python that has OpenHands' agent-server installed; undefined where it is not. */
export function findOpenHandsServer(): string | undefined;
export function installOpenHandsServer(): void;
