import * as z from 'zod/mini';
import { configSchema } from './schema.ts';

/** The JSON Schema of airgap.yaml for editors (draft 7 is what their YAML servers read), as the file's text. */
export function renderSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'airgap.yaml of ess-airgap', ...schema }, null, 2)}\n`;
}
