import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One way in which a hostile medium may differ from the bundle that was made. */
export interface Tampering {
  readonly name: string;
  /** Whether it is done to a bundle in parts. */
  readonly split: boolean;
  /** Whether the user passes the digest of the bundle that was made; without it, only load.plan is to be believed. */
  readonly digest: boolean;
  /** Changes a copy of the bundle; what it needs outside goes beside it. */
  readonly change: (dir: string) => void;
  /** What both commands must say. */
  readonly says: RegExp;
}

/** Every tampering; each must be rejected with exit code 2 before a registry is asked for anything. */
export function tamperings(): Tampering[] {
  return [false, true].flatMap((split) => [
    ...fileTamperings(split),
    ...folderTamperings(split),
    ...planTamperings(split),
    ...contentTamperings(split),
  ]);
}

// Files

type Role =
  | 'index'
  | 'manifest'
  | 'config'
  | 'layer'
  | 'piece'
  | 'artifact'
  | 'referrers'
  | 'load.plan'
  | 'index.json'
  | 'load.sh'
  | 'oci-layout';

const OPERATIONS: Readonly<Record<string, { change: (file: string) => void; says: RegExp }>> = {
  'is missing': { change: (file) => rmSync(file), says: /is missing|holds no bundle/ },
  'has another byte': {
    change: (file) => {
      const bytes = readFileSync(file);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    says: /is damaged: it does not have|has the digest/,
  },
  'is cut short': {
    change: (file) => truncateSync(file, statSync(file).size - 1),
    says: /has \d+ bytes; expected|has the digest/,
  },
  'is empty': { change: (file) => truncateSync(file, 0), says: /has 0 bytes; expected|has the digest/ },
  'is longer': {
    change: (file) => appendFileSync(file, '\n'),
    says: /has \d+ bytes; expected|has the digest/,
  },
  'is a terabyte of nothing': {
    change: (file) => truncateSync(file, 1e12),
    says: /has 1000000000000 bytes; expected/,
  },
  'is a symbolic link to the same bytes': {
    change: (file) => {
      renameSync(file, outside(file));
      symlinkSync(outside(file), file);
    },
    says: /symbolic link|not a regular file/,
  },
  'is a symbolic link to itself': {
    change: (file) => {
      rmSync(file);
      symlinkSync(file, file);
    },
    says: /symbolic link|not a regular file/,
  },
  'is a symbolic link to a device without an end': {
    change: (file) => {
      rmSync(file);
      symlinkSync('/dev/zero', file);
    },
    says: /symbolic link|not a regular file/,
  },
  'is a hard link to a file outside': {
    change: (file) => linkSync(file, outside(file)),
    says: /another name in the file system/,
  },
  'is a pipe': {
    change: (file) => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
    says: /not a regular file/,
  },
  'is a socket': {
    change: (file) => {
      rmSync(file);
      // The path of a socket has 107 characters at most, but one can be moved.
      const short = join(tmpdir(), `ess-airgap-${process.pid}`);
      createServer().listen(short).unref();
      renameSync(short, file);
    },
    says: /not a regular file/,
  },
  'is a folder': {
    change: (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    says: /not a regular file/,
  },
};

/** A path beside the bundle. */
function outside(file: string): string {
  const bundle = /^(.*\/tampered-[^/]*)\//.exec(file)?.[1];
  return `${bundle}-outside`;
}

function fileTamperings(split: boolean): Tampering[] {
  const roles: Role[] = [
    'index',
    'manifest',
    'config',
    'layer',
    'artifact',
    'referrers',
    ...(split ? (['piece'] as const) : []),
    ...(['load.plan', 'index.json', 'load.sh', 'oci-layout'] as const),
  ];
  return roles.flatMap((role) =>
    Object.entries(OPERATIONS).map(([operation, { change, says }]) => ({
      name: `the ${role} ${operation}`,
      split,
      digest: true,
      change: (dir: string) => change(fileOf(dir, role)),
      says,
    })),
  );
}

/** The path of a file of the first image, or of the first artifact or list. */
function fileOf(dir: string, role: Role): string {
  const isBlob = ['index', 'manifest', 'config', 'layer', 'piece', 'artifact', 'referrers'].includes(role);
  if (!isBlob) return join(firstOf(dir), role);
  const kind = role === 'index' ? 'image' : role;
  const line = linesOf(dir).find((it) => it.startsWith(`${kind} `) && it.split(' ')[3] !== '-');
  const [, digest = '', , part = ''] = (line ?? '').split(' ');
  return join(partOf(dir, Number(part)), 'blobs/sha256', digest.slice('sha256:'.length));
}

function firstOf(dir: string): string {
  return isSplit(dir) ? join(dir, 'part-001') : dir;
}

function partOf(dir: string, part: number): string {
  return isSplit(dir) ? join(dir, `part-00${part}`) : dir;
}

function isSplit(dir: string): boolean {
  return statSync(join(dir, 'part-001'), { throwIfNoEntry: false }) !== undefined;
}

// Folders

function folderTamperings(split: boolean): Tampering[] {
  const away = (path: string): void => {
    renameSync(path, outside(`${path}/`));
    symlinkSync(outside(`${path}/`), path);
  };
  const replace = (path: string, make: (path: string) => void): void => {
    rmSync(path, { recursive: true });
    make(path);
  };
  const all: [string, (dir: string) => void, RegExp][] = [
    [
      'blobs is a symbolic link',
      (dir) => away(join(firstOf(dir), 'blobs')),
      /blobs is (a symbolic link|not a folder)/,
    ],
    [
      'blobs/sha256 is a symbolic link',
      (dir) => away(join(firstOf(dir), 'blobs/sha256')),
      /blobs\/sha256 is (a symbolic link|not a folder)/,
    ],
    [
      'blobs is missing',
      (dir) => rmSync(join(firstOf(dir), 'blobs'), { recursive: true }),
      /blobs is missing/,
    ],
    [
      'blobs is a pipe',
      (dir) => replace(join(firstOf(dir), 'blobs'), (path) => execFileSync('mkfifo', [path])),
      /blobs is (missing|not a folder)/,
    ],
    [
      'it is not complete',
      (dir) => writeFileSync(join(dir, 'UNFINISHED'), ''),
      /is a bundle that is not complete/,
    ],
    [
      'load.plan is another, and the right one is a decoy deeper down',
      (dir) => {
        mkdirSync(join(firstOf(dir), 'x'));
        cpSync(join(firstOf(dir), 'load.plan'), join(firstOf(dir), 'x/load.plan'));
        edit(dir, (lines) => lines.map((line) => line.replace('library/redis', 'library/other')));
        const sums = join(firstOf(dir), 'SHA256SUMS');
        writeFileSync(sums, readFileSync(sums, 'utf8').replace('  load.plan', '  x/load.plan'));
      },
      /has the digest/,
    ],
    [
      'the index is another, and its checksum with it',
      (dir) => {
        const file = fileOf(dir, 'index');
        const old = file.slice(-64);
        writeFileSync(file, readFileSync(file, 'utf8').replace('"linux"', '"linuz"'));
        const sums = join(firstOf(dir), 'SHA256SUMS');
        writeFileSync(
          sums,
          readFileSync(sums, 'utf8').replace(`${old}  blobs`, `${sha256(readFileSync(file))}  blobs`),
        );
      },
      /is damaged: it does not have/,
    ],
  ];
  if (split) {
    all.push(
      [
        'a part is a symbolic link',
        (dir) => away(join(dir, 'part-002')),
        /part-002 is (a symbolic link|not a folder)/,
      ],
      [
        'a part is missing',
        (dir) => rmSync(join(dir, 'part-002'), { recursive: true }),
        /part-002 is missing/,
      ],
      [
        'two parts are exchanged',
        (dir) => {
          renameSync(join(dir, 'part-002'), outside(`${dir}/`));
          renameSync(join(dir, 'part-003'), join(dir, 'part-002'));
          renameSync(outside(`${dir}/`), join(dir, 'part-003'));
        },
        /is missing/,
      ],
    );
  }
  return all.map(([name, change, says]) => ({ name, split, digest: true, change, says }));
}

// load.plan

type Edit = (lines: string[]) => readonly string[] | string;

/** Changes load.plan, the lines of which are given without the last, empty one. */
function edit(dir: string, change: Edit): void {
  const changed = change(linesOf(dir));
  writeFileSync(
    join(firstOf(dir), 'load.plan'),
    typeof changed === 'string' ? changed : changed.map((line) => `${line}\n`).join(''),
  );
}

function linesOf(dir: string): string[] {
  return readFileSync(join(firstOf(dir), 'load.plan'), 'utf8')
    .split('\n')
    .slice(0, -1);
}

/** Changes the first line of a kind, and corrects the number in the last. */
function first(kind: string, change: (line: string) => string | readonly string[]): Edit {
  return (lines) => {
    const at = lines.findIndex((line) => line.startsWith(`${kind} `));
    const changed = change(lines[at] ?? '');
    const all = lines.toSpliced(at, 1, ...(typeof changed === 'string' ? [changed] : changed));
    return [...all.slice(0, -1), `end ${all.length}`];
  };
}

/** Puts another word into a field of the first line of a kind. */
const field = (kind: string, number: number, word: string | ((old: string) => string)): Edit =>
  first(kind, (line) =>
    line
      .split(' ')
      .map((old, index) => (index !== number ? old : typeof word === 'string' ? word : word(old)))
      .join(' '),
  );

const hex = (digit: string): string => digit.repeat(64);

const PLAN_EDITS: readonly [string, Edit, RegExp][] = [
  ['of format 1', field('bundle', 1, '1'), /format 1/],
  ['of a later format', field('bundle', 1, '3'), /format 3/],
  ['in no parts', field('bundle', 3, '0'), /damaged/],
  ['in a thousand parts', field('bundle', 3, '1000'), /parts/],
  ['in a billion parts', field('bundle', 3, '999999999'), /parts/],
  ['in parts without end', field('bundle', 3, '9'.repeat(5000)), /damaged/],
  ['in parts that are missing', field('bundle', 3, '999'), /part-\d{3} is missing/],
  ['in -1 parts', field('bundle', 3, '-1'), /damaged/],
  ['with a first line that is longer', field('bundle', 3, (old) => `${old} 1`), /damaged/],
  ['without its first line', (lines) => lines.slice(1), /damaged/],
  ['with its first line twice', first('bundle', (line) => [line, line]), /damaged/],
  ['that is empty', () => '', /damaged/],
  ['of zeros', () => '\0'.repeat(1000), /damaged/],
  ['of another kind', () => 'x\ny\n', /damaged/],
  ['of YAML', () => 'images_digests:\n  a: {}\n', /damaged/],
  [
    'of nine million bytes',
    (lines) => `${lines.join('\n')}\n${'x'.repeat(9_000_000)}`,
    /bytes; expected at most/,
  ],
  ['of one line without end', () => `bundle 2 parts 1 ${'x'.repeat(8_000_000)}`, /damaged/],
  [
    'of too many lines',
    (lines) => [...lines.slice(0, 5), ...Array<string>(120_000).fill(`own - r.example/a:1 -`), 'end 120006'],
    /lines|target/,
  ],
  ['with Windows line ends', (lines) => lines.map((line) => `${line}\r`), /damaged/],
  ['with an empty line', first('image', (line) => ['', line]), /damaged/],
  ['with a blank in front', first('image', (line) => ` ${line}`), /damaged/],
  ['with two blanks', first('image', (line) => line.replace(' ', '  ')), /damaged/],
  ['with a blank at the end', first('image', (line) => `${line} `), /damaged/],
  ['with a tab', first('image', (line) => line.replace(' ', '\t')), /damaged/],
  ['with a comment', first('image', (line) => ['# comment', line]), /damaged/],
  ['with an escape sequence', first('image', (line) => ['\x1b[31mred', line]), /damaged/],
  ['with another alphabet', first('image', (line) => line.replace('synapse', 'synарse')), /damaged/],
  [
    'with a kind of line that nobody knows',
    first('image', (line) => [`referrer sha256:${hex('0')} 1 1`, line]),
    /"referrer" is not a kind of line/,
  ],
  ['with a digest without an algorithm', field('image', 1, (old) => old.slice(7)), /expected a digest/],
  ['with a digest of sha512', field('image', 1, `sha512:${hex('0')}${hex('0')}`), /expected a digest/],
  [
    'with a digest in capital letters',
    field('image', 1, (old) => `sha256:${old.slice(7).toUpperCase()}`),
    /expected a digest/,
  ],
  ['with a digest that is short', field('image', 1, (old) => old.slice(0, -1)), /expected a digest/],
  [
    'with a digest that is a path',
    field('layer', 1, 'sha256:../../../../../../../../../../../../../etc/hostname'),
    /expected a digest/,
  ],
  ['with a digest that is an absolute path', field('config', 1, '/etc/hostname'), /expected a digest/],
  ['with a digest of nothing that is there', field('config', 1, `sha256:${hex('0')}`), /is missing|disagree/],
  [
    'with an index that is another image',
    (lines) => swapDigests(lines),
    /disagree|does not list|do not name|another size|has \d+ bytes/,
  ],
  [
    'with a size that is wrong',
    field('config', 2, (old) => String(Number(old) + 1)),
    /has \d+ bytes; expected|disagree/,
  ],
  ['with a size below zero', field('layer', 2, '-1'), /expected a size/],
  ['with a size that is octal', field('config', 2, (old) => `0${old}`), /expected a size/],
  ['with a size that is a formula', field('config', 2, '1+1'), /expected a size|holds characters/],
  ['with a size of ten to the thirty', field('layer', 2, '1'.padEnd(31, '0')), /expected a size/],
  ['with a size of a petabyte', field('layer', 2, '1'.padEnd(16, '0')), /expected a size/],
  ['with a size of a terabyte', field('layer', 2, '1'.padEnd(13, '0')), /expected a size/],
  ['with a manifest of five million bytes', field('manifest', 2, '5000000'), /expected a size/],
  ['with part 0', field('manifest', 3, '0'), /expected the number of a part/],
  ['with a part that is beyond the last', field('manifest', 3, '900'), /expected the number of a part/],
  ['with a part that is octal', field('manifest', 3, '01'), /expected the number of a part/],
  ['with an index in pieces', field('image', 3, '-'), /expected the number of a part/],
  [
    'with a target without a tag',
    field('image', 4, (old) => old.slice(0, old.lastIndexOf(':'))),
    /expected a target/,
  ],
  [
    'with a target that has a digest',
    field('image', 4, (old) => `${old}@sha256:${hex('0')}`),
    /expected a target/,
  ],
  ['with a target that goes up', field('image', 4, 'r.example/../x:1'), /expected a target/],
  ['with a target that is absolute', field('image', 4, '/r.example/x:1'), /expected a target/],
  [
    'with a target that is an option',
    field('image', 4, '--dest-tls-verify=false/x:1'),
    /expected a target|holds characters/,
  ],
  ['with a target of two slashes', field('image', 4, 'r.example//x:1'), /expected a target/],
  ['with a target that is only a server', field('image', 4, 'localhost:5000'), /expected a target/],
  ['with a target twice', (lines) => sameTarget(lines), /target/],
  ['with a target in another registry', field('image', 4, 'evil.example/x:1'), /evil\.example/],
  [
    'with an own image in another registry',
    first('end', (line) => ['own - evil.example/x:1 -', line]),
    /evil\.example/,
  ],
  ['with containers that end a string', field('image', 5, 'a/b","result":"copied'), /damaged/],
  ['with containers of many fields', field('image', 5, (old) => `${old} more`), /damaged/],
  ['with a container that is none', field('image', 5, ','), /damaged|containers/],
  [
    'with an omitted manifest before every image',
    first('image', (line) => [`omitted sha256:${hex('0')} 1`, line]),
    /belongs to no image/,
  ],
  [
    'with an omitted manifest that no index names',
    first('manifest', (line) => [`omitted sha256:${hex('0')} 1`, line]),
    /do not name|disagree/,
  ],
  [
    'with a manifest that is omitted',
    first('manifest', (line) => line.replace(/^manifest (\S+) (\S+) .*/, 'omitted $1 $2')),
    /do not name|disagree/,
  ],
  [
    'with a manifest that is there and omitted',
    first('manifest', (line) => [line, line.replace(/^manifest (\S+) (\S+) .*/, 'omitted $1 $2')]),
    /twice/,
  ],
  [
    'with a manifest before every image',
    first('image', (line) => [`manifest sha256:${hex('0')} 1 1`, line]),
    /belongs to no image/,
  ],
  [
    'with a layer after an own image',
    first('end', (line) => ['own - r.example/x:1 -', `layer sha256:${hex('0')} 1 1`, line]),
    /belongs to no image/,
  ],
  [
    'with an image after an own image',
    first('end', (line) => ['own - r.example/x:1 -', `image sha256:${hex('0')} 1 1 r.example/y:1 -`, line]),
    /after the first "own" line/,
  ],
  ['with a manifest twice', first('manifest', (line) => [line, line]), /twice/],
  ['with a layer twice', first('config', (line) => [line, line]), /twice/],
  ['without a manifest', first('manifest', () => []), /does not list|disagree/],
  ['without a configuration', first('config', () => []), /does not list|disagree/],
  ['with a file that no manifest names', (lines) => strayFile(lines), /do not name|disagree/],
  ['with a file in two sizes', (lines) => twoSizes(lines), /another size or place/],
  [
    'with an absent layer of no image',
    first('config', (line) => [`absent sha256:${hex('0')} 1 x`, line]),
    /registry\/repository@digest/,
  ],
  [
    'with an absent layer in another registry',
    first('config', (line) => [`absent sha256:${hex('0')} 1 evil.example/x@sha256:${hex('0')}`, line]),
    /evil\.example/,
  ],
  [
    'with an absent layer that is there',
    first('config', (line) => [
      line.replace(/^config (\S+) (\S+) .*/, `absent $1 $2 r.example/x@sha256:${hex('0')}`),
      line,
    ]),
    /twice/,
  ],
  [
    'with a piece of nothing',
    first('config', (line) => [line, `piece sha256:${hex('0')} 1 1`]),
    /follows only|add up/,
  ],
  ['with a layer in no pieces', first('config', (line) => line.replace(/ \d+$/, ' -')), /add up/],
  ['without the line of index.json', first('file', () => []), /index\.json/],
  ['with a file that leads out', field('file', 3, '../index.json'), /index\.json/],
  ['with a file of another name', field('file', 3, 'x/load.plan'), /index\.json/],
  ['with a file twice', first('file', (line) => [line, line]), /index\.json/],
  ['with a file of another digest', field('file', 1, `sha256:${hex('0')}`), /is damaged: it does not have/],
  ['without its last line', (lines) => lines.slice(0, -1), /cut short/],
  [
    'with a wrong number in its last line',
    (lines) => lines.with(-1, 'end 1'),
    /number of this line|cut short/,
  ],
  [
    'with something after its last line',
    (lines) => [...lines, 'own - r.example/x:1 -'],
    /after the last line|cut short|number of this line|end/,
  ],
  ['without its last line end', (lines) => lines.join('\n'), /cut short|number of this line/],
];

const PIECE_EDITS: readonly [string, Edit, RegExp][] = [
  ['without a piece', first('piece', () => []), /add up/],
  ['with a piece twice', first('piece', (line) => [line, line]), /add up/],
  ['with a piece of no bytes', first('piece', (line) => [`piece sha256:${hex('0')} 0 1`, line]), /add up/],
  [
    'with a piece that is longer',
    field('piece', 2, (old) => String(Number(old) + 1)),
    /add up|has \d+ bytes/,
  ],
  ['with a piece that is not there', field('piece', 1, `sha256:${hex('0')}`), /is missing/],
  ['with pieces in another order', (lines) => swapPieces(lines), /do not make a file|add up|has \d+ bytes/],
  [
    'with a thousand pieces',
    first('piece', (line) => Array<string>(1000).fill(line.replace(/ \d+ (\d+)$/, ' 1 $1'))),
    /add up|has \d+ bytes|another/,
  ],
];

/** The lines of the first artifact that `find` is true of, and where they begin. */
function artifactLines(
  lines: readonly string[],
  find: (fields: readonly string[]) => boolean = () => true,
): { from: number; block: string[] } {
  const from = lines.findIndex((line) => line.startsWith('artifact ') && find(line.split(' ')));
  const length = lines.slice(from + 1).findIndex((line) => /^(artifact|referrers|image|own|end) /.test(line));
  return { from, block: lines.slice(from, from + 1 + length) };
}

/** Replaces lines, and corrects the number in the last. */
function splice(lines: string[], from: number, remove: number, ...add: readonly string[]): string[] {
  const all = lines.toSpliced(from, remove, ...add);
  return [...all.slice(0, -1), `end ${all.length}`];
}

const isTagged = (fields: readonly string[]): boolean => fields[5] !== '-';

const ARTIFACT_EDITS: readonly [string, Edit, RegExp][] = [
  [
    'without a referrer that its list names',
    (lines) => {
      const { from, block } = artifactLines(lines);
      return splice(lines, from, block.length);
    },
    /has other entries/,
  ],
  ['with a referrer twice', (lines) => twice(lines), /twice/],
  [
    'with a manifest as a referrer that names no subject',
    (lines) => {
      const { from, block } = artifactLines(lines, isTagged);
      return splice(lines, from, 1, (block[0] ?? '').replace(/ \S+$/, ' -'));
    },
    /belongs to no subject|has other entries/,
  ],
  [
    'with a referrer of another subject of its image',
    (lines) => {
      const image = lines.findLastIndex((line) => line.startsWith('image '));
      const manifest = lines.slice(image).find((line) => line.startsWith('manifest '));
      return field('artifact', 4, manifest?.split(' ')[1] ?? '')(lines);
    },
    /belongs to|has other entries/,
  ],
  ['with an artifact of another image', field('artifact', 4, `sha256:${hex('0')}`), /as subject/],
  ['with an artifact of a path', field('artifact', 4, '../../x'), /as subject|expected a digest/],
  [
    'with a referrer at a tag that is none of its subject',
    field('artifact', 5, 'v1'),
    /the tag of the subject/,
  ],
  [
    'with a tag of another digest',
    (lines) => {
      const { from, block } = artifactLines(lines, isTagged);
      return splice(lines, from, 1, (block[0] ?? '').replace(/sha256-[0-9a-f]{4}/, 'sha256-0000'));
    },
    /the tag of the subject/,
  ],
  [
    'with two manifests at a tag',
    (lines) => {
      const { from, block } = artifactLines(lines, isTagged);
      const other = artifactLines(lines).block;
      const line = (other[0] ?? '').split(' ').slice(0, 4);
      const [subject, tag] = (block[0] ?? '').split(' ').slice(4);
      return splice(lines, from, 0, [...line, subject, tag].join(' '), ...other.slice(1));
    },
    /another manifest for the tag/,
  ],
  [
    'with an artifact before every image',
    first('image', (line) => [`artifact sha256:${hex('0')} 1 1 sha256:${hex('0')} -`, line]),
    /belongs to no image/,
  ],
  [
    'with an artifact after an own image',
    first('end', (line) => [
      'own - r.example/x:1 -',
      `artifact sha256:${hex('0')} 1 1 sha256:${hex('0')} -`,
      line,
    ]),
    /belongs to no image/,
  ],
  [
    'with an artifact after a list',
    (lines) => {
      const { from, block } = artifactLines(lines, isTagged);
      const rest = lines.toSpliced(from, block.length);
      const list = rest.findIndex((line) => line.startsWith('referrers '));
      return rest.toSpliced(list + 1, 0, ...block);
    },
    /after a "referrers" line/,
  ],
  ['with an artifact in pieces', field('artifact', 3, '-'), /expected the number of a part/],
  ['with an artifact of five million bytes', field('artifact', 2, '5000000'), /expected a size/],
  ['without a list', first('referrers', () => []), /list of (the )?referrers/],
  ['with a list twice', first('referrers', (line) => [line, line]), /second list/],
  ['with a list of another subject', (lines) => swapSubjects(lines), /has other entries/],
  ['with a list of no subject', field('referrers', 4, `sha256:${hex('0')}`), /subject/],
  [
    'with a list before every image',
    first('image', (line) => [`referrers sha256:${hex('0')} 1 1 sha256:${hex('0')}`, line]),
    /belongs to no image/,
  ],
  [
    'with a layer of a list',
    first('referrers', (line) => [line, `layer sha256:${hex('0')} 1 1`]),
    /belongs to no image/,
  ],
  ['with a list in pieces', field('referrers', 3, '-'), /expected the number of a part/],
];

function twice(lines: string[]): string[] {
  const { from, block } = artifactLines(lines);
  return splice(lines, from, 0, ...block);
}

function swapSubjects(lines: string[]): string[] {
  const [a = 0, b = 0] = lines.flatMap((line, index) => (line.startsWith('referrers ') ? [index] : []));
  const split = (index: number): string[] => (lines[index] ?? '').split(' ');
  const [x, y] = [split(a), split(b)];
  return lines
    .with(a, [...x.slice(0, 4), ...y.slice(4)].join(' '))
    .with(b, [...y.slice(0, 4), ...x.slice(4)].join(' '));
}

function swapDigests(lines: string[]): string[] {
  const at = lines.flatMap((line, index) => (line.startsWith('image ') ? [index] : []));
  const [a = 0, b = 0] = at;
  const split = (index: number): string[] => (lines[index] ?? '').split(' ');
  const [x, y] = [split(a), split(b)];
  return lines
    .with(a, [...y.slice(0, 4), ...x.slice(4)].join(' '))
    .with(b, [...x.slice(0, 4), ...y.slice(4)].join(' '));
}

function sameTarget(lines: string[]): string[] {
  const targets = lines.filter((line) => line.startsWith('image ')).map((line) => line.split(' ')[4] ?? '');
  return lines.map((line) => line.replace(` ${targets[1]} `, ` ${targets[0]} `));
}

/** Lists a configuration of the second image for the first, too. */
function strayFile(lines: string[]): readonly string[] | string {
  const second = lines.findLastIndex((line) => line.startsWith('image '));
  const stray = lines.slice(second).find((line) => line.startsWith('config ')) ?? '';
  return first('config', (line) => [stray, line])(lines);
}

function twoSizes(lines: string[]): string[] {
  const layers = lines.filter((line) => line.startsWith('layer '));
  const shared = layers.find((line) => layers.filter((it) => it === line).length > 1) ?? '';
  const at = lines.lastIndexOf(shared);
  const [kind, digest, size, part] = shared.split(' ');
  return lines.with(at, [kind, digest, Number(size) + 1, part].join(' '));
}

function swapPieces(lines: string[]): string[] {
  const at = lines.findIndex((line) => line.startsWith('piece '));
  return lines.with(at, lines[at + 1] ?? '').with(at + 1, lines[at] ?? '');
}

function planTamperings(split: boolean): Tampering[] {
  const edits = [...PLAN_EDITS, ...ARTIFACT_EDITS, ...(split ? PIECE_EDITS : [])];
  const wrongDigest: readonly [string, Edit, RegExp][] = [
    [
      'of another bundle',
      (lines) => lines.map((line) => line.replace('library/redis', 'library/other')),
      /has the digest/,
    ],
    [
      'with another container',
      (lines) => lines.map((line) => line.replace('synapse/synapse', 'synapse/x')),
      /has the digest/,
    ],
  ];
  return [
    ...edits.map(([name, change, says]) => ({ name, change, says, digest: false })),
    ...wrongDigest.map(([name, change, says]) => ({ name, change, says, digest: true })),
  ].map(({ name, change, says, digest }) => ({
    name: `a load.plan ${name}`,
    split,
    digest,
    change: (dir) => edit(dir, change),
    says,
  }));
}

// Manifests that are not what the plan says of them, in bundles whose digests are all right

function contentTamperings(split: boolean): Tampering[] {
  const contents: [string, string, RegExp][] = [
    ['is not JSON', 'x'.repeat(500), /./],
    ['is JSON without an end', '['.repeat(100_000), /./],
    ['is a number', '1', /./],
    ['has no digests', '{"schemaVersion":2,"manifests":[]}', /./],
    ['names what is not in the plan', indexOf([hex('0')]), /./],
    [
      'names ten thousand manifests',
      indexOf(Array.from({ length: 10_000 }, (_, at) => sha256(String(at)))),
      /./,
    ],
    [
      'names a path',
      '{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc/hostname","size":1}]}',
      /./,
    ],
    [
      'names another algorithm',
      `{"schemaVersion":2,"manifests":[{"digest":"sha512:${hex('0')}","size":1}]}`,
      /./,
    ],
  ];
  const lists: [string, string][] = [
    ['is not JSON', 'x'.repeat(500)],
    ['is empty', indexOf([])],
    ['names something else', indexOf([hex('0')])],
    ['is a manifest', `{"schemaVersion":2,"config":{"digest":"sha256:${hex('0')}","size":1},"layers":[]}`],
  ];
  return [
    ...contents.map(([name, text]) => contentTampering(split, 'index', name, () => text)),
    ...lists.map(([name, text]) => contentTampering(split, 'referrers', name, () => text)),
    contentTampering(split, 'referrers', 'has an entry more', (old) => {
      const list = JSON.parse(old) as { manifests: object[] };
      const more = { ...list.manifests[0], digest: `sha256:${hex('0')}` };
      return JSON.stringify({ ...list, manifests: [...list.manifests, more] });
    }),
    contentTampering(split, 'artifact', 'has another subject', (old) => {
      const manifest = JSON.parse(old) as { subject: object };
      return JSON.stringify({ ...manifest, subject: { ...manifest.subject, digest: `sha256:${hex('0')}` } });
    }),
  ];
}

/** Puts another file in the place of one, under its own digest. */
function contentTampering(
  split: boolean,
  role: 'index' | 'referrers' | 'artifact',
  name: string,
  change: (old: string) => string,
): Tampering {
  return {
    name: `an ${role} that ${name}`,
    split,
    digest: false,
    change: (dir) => {
      const file = fileOf(dir, role);
      const old = file.slice(-64);
      const text = change(readFileSync(file, 'utf8'));
      const digits = sha256(text);
      rmSync(file);
      writeFileSync(join(file, '..', digits), text);
      const kind = role === 'index' ? 'image' : role;
      edit(dir, (lines) =>
        lines.map((line) =>
          line.startsWith(`${kind} sha256:${old}`)
            ? line.replace(/^\S+ \S+ \d+/, `${kind} sha256:${digits} ${Buffer.byteLength(text)}`)
            : line,
        ),
      );
    },
    says: role === 'index' ? /disagree|does not list|do not name/ : /has other entries|belongs to/,
  };
}

const indexOf = (digits: readonly string[]): string =>
  JSON.stringify({
    schemaVersion: 2,
    manifests: digits.map((it) => ({ mediaType: 'x/y', digest: `sha256:${it}`, size: 1 })),
  });

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
