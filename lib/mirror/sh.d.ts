/** A shell script, imported as its text (esbuild's text loader; the same plugin in vitest.config.mts). */
declare module '*.sh' {
  const text: string;
  export default text;
}
