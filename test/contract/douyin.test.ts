// The short-video dialect through real HTTP, area by area against one started server. Whatever is
// answered is held against what the server declares in /openapi.json.

const areas = [
  "dialect",
  "accounts",
  "relations",
  "chats",
  "message-stream",
  "favorites",
  "comments",
  "feed",
  "publish",
  "coverage",
];

// One after the other: areas that prepare something would otherwise overtake each other.
for (const area of areas) await import(`./douyin/${area}.ts`);
