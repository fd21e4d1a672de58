import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

// node steps.mjs CONTAINERFILE CONTEXT ROOT ARCHITECTURE: carries out the steps of the last stage for an architecture, with
// files of a build context, in a folder that stands for the base image, and prints how a container of the image starts, as JSON. An instruction that is not known
// here is an error.

const [file = '', context = '', root = '', architecture = ''] = process.argv.slice(2);
const image = { env: {} as Record<string, string>, user: '', folder: '/', entrypoint: [''], arguments: [''] };
const stages = new Map<string, { base: string; steps: [string, string][] }>();
let stage: { base: string; steps: [string, string][] } | undefined;

for (const [instruction, text] of instructionsOf(readFileSync(file, 'utf8'))) {
  if (instruction === 'FROM') {
    const [base = '', , name = ''] = text.split(' ');
    stage = { base: base.replace(/\$\{TARGETARCH\}/, architecture), steps: [] };
    stages.set(name, stage);
  } else if (instruction !== 'ARG') {
    stage?.steps.push([instruction, text]);
  }
}
if (!stage) throw new Error(`${file} has no stage`);
const base = stages.get(stage.base);
if (!base) throw new Error(`${stage.base} is no stage`);
for (const [instruction, text] of [...base.steps, ...stage.steps]) run(instruction, text);
console.log(JSON.stringify(image));

function run(instruction: string, text: string): void {
  switch (instruction) {
    case 'COPY': {
      const {
        mode = '',
        from = '',
        to = '',
      } = /^--chmod=(?<mode>\d+) (?<from>\S+) (?<to>\S+)$/.exec(text)?.groups ?? {};
      if (!to) throw new Error(`COPY ${text}: expected --chmod, a source and a target`);
      mkdirSync(dirname(join(root, to)), { recursive: true });
      cpSync(join(context, from), join(root, to));
      chmodSync(join(root, to), Number.parseInt(mode, 8));
      return;
    }
    case 'ENV':
      Object.assign(image.env, Object.fromEntries(text.split(' ').map((pair) => pair.split('='))));
      return;
    case 'WORKDIR':
      mkdirSync(join(root, text), { recursive: true });
      image.folder = text;
      return;
    case 'USER':
      image.user = text;
      return;
    case 'ENTRYPOINT':
      image.entrypoint = JSON.parse(text);
      return;
    case 'CMD':
      image.arguments = JSON.parse(text);
      return;
    case 'LABEL':
      return;
    default:
      throw new Error(`${instruction} is not known here`);
  }
}

function instructionsOf(text: string): [string, string][] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const space = line.indexOf(' ');
    return [line.slice(0, space), line.slice(space + 1)];
  });
}
