import { writeFileSync } from 'node:fs';
import { renderSchema } from '../lib/config/json-schema.ts';
import { renderReference } from '../lib/config/reference.ts';

// `npm run schema`: writes the schema that editors use and the reference that people read. A test fails when either
// is stale.
writeFileSync('schema/airgap.schema.json', renderSchema());
writeFileSync('docs/reference/config.md', renderReference());
