import * as z from 'zod/mini';
import { configSchema } from './schema.ts';

/** Returns the JSON Schema of airgap.yaml as text. It is draft 7, which the YAML servers of editors read. */
export function renderSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'airgap.yaml of ess-airgap', ...schema }, null, 2)}\n`;
}
