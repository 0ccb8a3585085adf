// The live dialect through real HTTP, area by area against one started server. They share a process
// because node:test gives each file its own, and "coverage" compares what all of them exercised with
// what the server declares. "shutdown" ends the server they share.

const areas = [
  "accounts",
  "tokens",
  "rooms",
  "muting",
  "messages",
  "history",
  "lotteries",
  "streams",
  "images",
  "operations",
  "bad-input",
  "bodies",
  "idle",
  "limits",
  "coverage",
  "shutdown",
];

// One after the other: areas that prepare something would otherwise overtake each other.
for (const area of areas) await import(`./live/${area}.ts`);
