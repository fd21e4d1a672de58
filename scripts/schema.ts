import { writeFileSync } from 'node:fs';
import { renderSchema } from '../lib/config/json-schema.ts';

// `npm run schema`: writes the schema that editors use. A test fails when it is stale.
writeFileSync('schema/airgap.schema.json', renderSchema());
