// Who may import whom. `npm run check` runs it over services, mixins, contracts, lib and web;
// scripts, benchmarks and tests may import what they like.

/** The files of a service that are allowed to know Moleculer and Sequelize. */
const WIRING = "^services/api/|/migrations/|\\.(service|model|repo|mixin)\\.ts$";
const FRAMEWORKS = "^node_modules/(moleculer|moleculer-[^/]+|@moleculer/[^/]+|sequelize)/";

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      comment: "Two files that need each other are one idea, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "everything-resolves",
      comment: "An import of something that is not there, or not in package.json.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-tools-at-run-time",
      comment: "A production install has no devDependencies.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-dev"] },
    },
    {
      name: "contracts-stand-alone",
      comment: "Everybody depends on the contracts; they depend on nobody here.",
      severity: "error",
      from: { path: "^contracts/" },
      to: { dependencyTypes: ["local"], pathNot: "^contracts/" },
    },
    {
      name: "lib-is-a-leaf",
      comment: "lib/ is small leaves; they may speak the contracts' types.",
      severity: "error",
      from: { path: "^lib/" },
      to: { dependencyTypes: ["local"], pathNot: "^(lib|contracts)/" },
    },
    {
      name: "lib-without-broker",
      comment: "What needs Moleculer and is shared by services belongs into mixins/.",
      severity: "error",
      from: { path: "^lib/" },
      to: { path: "^node_modules/(moleculer|moleculer-[^/]+|@moleculer/[^/]+)/" },
    },
    {
      name: "mixins-below-services",
      severity: "error",
      from: { path: "^mixins/" },
      to: { dependencyTypes: ["local"], pathNot: "^(mixins|contracts|lib)/" },
    },
    {
      name: "services-meet-through-actions",
      comment: "Any service may run on any node: they meet through actions and events only.",
      severity: "error",
      from: { path: "^services/([^/]+)/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "services-above-the-rest",
      severity: "error",
      from: { path: "^services/" },
      to: { dependencyTypes: ["local"], pathNot: "^(services|mixins|contracts|lib)/" },
    },
    {
      name: "rules-are-pure",
      comment:
        "What a service does is written without Moleculer and Sequelize: wiring goes into *.service.ts, tables into *.model.ts, queries into *.repo.ts.",
      severity: "error",
      from: { path: "^services/", pathNot: WIRING },
      to: { path: `${FRAMEWORKS}|^mixins/|\\.(service|mixin)\\.ts$` },
    },
    {
      name: "repos-know-no-service",
      severity: "error",
      from: { path: "\\.(repo|model)\\.ts$" },
      to: { path: "\\.service\\.ts$" },
    },
    {
      name: "web-is-a-client",
      comment: "The web client sees the server through its HTTP API.",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^(services|mixins)/" },
    },
  ],
  options: {
    // The parser that reads TypeScript next to TypeScript 7, which has no JavaScript API. It sees
    // type imports too, so all rules hold for types; it does not know `using` declarations.
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".cjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
