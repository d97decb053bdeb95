/** Checks of an in-k6 test as JSON on standard output, for test/e2e/in-k6.test.ts, which makes an assertion of each. */
interface Group {
  readonly checks: readonly { readonly name: string; readonly passes: number; readonly fails: number }[];
  readonly groups: readonly Group[];
}

const all = ({ checks, groups }: Group): Group['checks'] => [...checks, ...groups.flatMap(all)];

/** The script's handleSummary. */
export const checksAsJson = (data: { readonly root_group: Group }): Record<string, string> => ({
  stdout: `${JSON.stringify(all(data.root_group).map(({ name, passes, fails }) => ({ name, passes, fails })))}\n`,
});
