// node validate.cjs SCHEMA FILE...: exit code 1 if a file is not valid.
const { readFileSync } = require('node:fs');
const { default: Ajv } = require('ajv');

const [schemaFile, ...files] = process.argv.slice(2);
// The draft 4 that it is written in has no word that draft 7 reads in another way, but for the name of its id.
const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'));
const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
for (const file of files) {
  const valid = validate(JSON.parse(readFileSync(file, 'utf8')));
  console.log(`${file.split('/').at(-1)}: ${valid ? 'valid' : JSON.stringify(validate.errors)}`);
  if (!valid) process.exitCode = 1;
}
