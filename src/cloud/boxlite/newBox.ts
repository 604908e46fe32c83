/** What the Box API lets a client choose for a new box (openapi/box.openapi.yaml, CreateBoxRequest). */
import type { CreateField, CreateOptions } from '../createFields';
import type { ServerConfig } from './api';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;

/** Images with glibc first: VS Code's server needs it, and the API's own default has none. */
const IMAGES = ['ubuntu:24.04', 'debian:12', 'buildpack-deps:bookworm-scm', 'alpine:latest'];

export function boxFields({ defaults, capabilities }: ServerConfig): readonly CreateField[] {
  const autoStop = defaults?.auto_stop;
  const image: CreateField = { kind: 'text', key: 'image', suggestions: IMAGES, maxLength: 512 };
  const limits: readonly CreateField[] = [
    { kind: 'number', key: 'cpus', suggestions: [1, 2, 4, 8], min: 1, max: 32 },
    { kind: 'number', key: 'memoryMib', suggestions: [1024, 2048, 4096, 8192], min: 128, max: 1024 * 1024 },
  ];
  const choices = [15 * MINUTE_S, HOUR_S, 4 * HOUR_S, 24 * HOUR_S, 0];
  return [
    { kind: 'text', key: 'name', maxLength: 200 },
    // Servers that say nothing have both.
    ...(capabilities?.images_enabled === false ? [] : [image]),
    ...(capabilities?.resource_limits_enabled === false ? [] : limits),
    {
      kind: 'choice',
      key: 'idleStopSeconds',
      choices,
      ...(typeof autoStop === 'number' && { default: autoStop }),
    },
  ];
}

/** Only what was asked for: servers refuse fields that they do not know. */
export function boxRequest(options: CreateOptions): Record<string, string | number> {
  const { name, image, cpus, memoryMib, idleStopSeconds } = options;
  return {
    ...(name !== undefined && { name }),
    ...(image !== undefined && { image }),
    ...(cpus !== undefined && { cpus }),
    ...(memoryMib !== undefined && { memory_mib: memoryMib }),
    ...(idleStopSeconds !== undefined && { auto_stop: idleStopSeconds }),
  };
}
