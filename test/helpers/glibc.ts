/** Which C library the tests run on: native placements are those of its malloc. */

/** Minor version of glibc, for example 36; 0 elsewhere (macOS, musl). */
export const glibcMinor: number = (() => {
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return Number(report.header.glibcVersionRuntime?.split('.')[1] ?? 0);
})();

/** True where the first block of a program lies behind a cache struct of 0x290 bytes. */
export const hasCacheChunk: boolean = glibcMinor >= 30 && glibcMinor <= 41;
