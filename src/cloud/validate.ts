import * as v from 'valibot';
import { CloudError } from './errors';

/**
 * Checks what a cloud answered. Fields that the schema does not name are dropped; a missing or wrongly typed one is
 * reported as `protocol`, by its path and never by its value, which may be a secret.
 */
export function parseAnswer<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  const place = field === null ? '' : ` in "${field}"`;
  throw new CloudError(
    'protocol',
    `The cloud's ${what} cannot be understood: expected ${issue.expected ?? 'something else'}${place}`,
  );
}
