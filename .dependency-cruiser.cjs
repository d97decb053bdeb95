// The three zones of DESIGN: scenarios -> lib -> domain, cli -> domain, stand-in -> domain; domain imports only itself.
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
});

module.exports = {
  forbidden: [
    // Scorers take three libraries more, which do no I/O either.
    only('domain-is-pure', '^domain/(?!quality/)', [
      '^domain/',
      '^thresholds/',
      '^node_modules/(pure-rand|valibot)/',
    ]),
    only('quality-is-pure', '^domain/quality/', [
      '^domain/',
      '^node_modules/(valibot|ajv|fastest-levenshtein|json-p3)/',
    ]),
    only('scenarios-only-wire', '^scenarios/', [
      '^lib/',
      '^domain/',
      '^thresholds/',
      '^k6',
      '^node_modules/@types/k6/',
    ]),
    only('lib-is-k6', '^lib/', [
      '^lib/',
      '^domain/',
      '^thresholds/',
      '^k6',
      '^node_modules/@types/k6/',
      '^node_modules/(pure-rand|valibot)/',
    ]),
    {
      name: 'cli-not-k6-side',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(lib|scenarios|stand-in|test)/' },
    },
    only('proof-on-domain', '^proof/', ['^proof/', '^domain/', '^node_modules/pure-rand/']),
    {
      name: 'stand-in-alone',
      severity: 'error',
      from: { path: '^stand-in/' },
      to: { path: '^(lib|scenarios|cli|test)/' },
    },
    {
      name: 'no-k6-in-node',
      severity: 'error',
      from: { path: '^(cli|stand-in)/' },
      to: { path: '^k6(/|$)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(domain|lib|scenarios|cli|stand-in|proof)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
