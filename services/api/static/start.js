// @ts-nocheck -- runs in browsers; the types of this project are those of a server, without a DOM
// The start page: lists the rooms that are live, and shows the danmaku of the one that is chosen.

const ROOMS_EVERY_MS = 5_000;
const LANES = 6;
const LANE_REM = 2.25;
const MESSAGES_KEPT = 200;
/** As in start.css: how long a text takes from one edge of the stage to the other, and stands. */
const FLIGHT_MS = 8_000;
const STAND_MS = 4_000;
/** Pixels between two texts in a lane. */
const GAP = 24;
/** What was said longer ago than this is listed, but does not fly. */
const FRESH_SECONDS = 5;

const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const rooms = byId("rooms");
const stage = byId("stage");
const messages = byId("messages");
const status = byId("status");

/** @type {EventSource | null} */
let stream = null;
let watching = 0;
/** The last text of each lane: when it set off, and how wide it is. */
let flights = [];
/** When the standing text at the top and at the bottom goes. */
let standing = {};

async function showRooms() {
  try {
    const response = await fetch("/room/live/list?limit=50");
    const { rooms: live, base_resp } = await response.json();
    if (!response.ok) throw new Error(base_resp.status_msg);
    rooms.replaceChildren(...live.map(roomCard));
    byId("no-rooms").hidden = live.length > 0;
  } catch {
    byId("no-rooms").hidden = rooms.childElementCount > 0;
  }
}

function roomCard(room) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", String(room.live_id === watching));
  button.append(
    element("strong", room.room_name),
    element("small", `${room.owner_name} · ${room.viewers} watching 人在看`),
  );
  button.addEventListener("click", () => watch(room));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function watch(room) {
  stream?.close();
  watching = room.live_id;
  for (const button of rooms.querySelectorAll("button"))
    button.setAttribute("aria-pressed", "false");
  byId("viewer").hidden = false;
  byId("viewer-title").textContent = room.room_name;
  messages.replaceChildren();
  stage.replaceChildren();
  flights = [];
  standing = {};
  say("Connecting … 连接中");

  const source = new EventSource(`/message/live?live_id=${room.live_id}&recent=50`);
  stream = source;
  const on = (name, react) =>
    source.addEventListener(name, (event) => react(JSON.parse(event.data || "null")));
  source.onopen = () => say("Connected 已连接");
  source.onerror = () =>
    say(
      source.readyState === EventSource.CLOSED
        ? "Not available 无法观看"
        : "Reconnecting … 重新连接",
    );
  on("message", showMessage);
  on("presence", ({ viewers }) => say(`${viewers} watching 人在看`));
  on("end", () => finish(source, "The show is over. 直播已结束。"));
  on("bye", ({ reason, reconnect }) => reconnect || finish(source, reason));
}

function finish(source, words) {
  source.close();
  say(words);
  void showRooms();
}

function showMessage(message) {
  const line = element("li", message.content);
  line.prepend(element("b", message.user_name));
  const follow = messages.scrollTop + messages.clientHeight >= messages.scrollHeight - 8;
  messages.append(line);
  if (messages.childElementCount > MESSAGES_KEPT) messages.firstElementChild?.remove();
  if (follow) messages.scrollTop = messages.scrollHeight;
  const fresh = Date.now() / 1000 - message.send_time < FRESH_SECONDS;
  if (fresh && !document.hidden) show(message);
}

/** Puts a text on the stage if there is room for it; the list below has them all. */
function show({ content, style }) {
  const bullet = element("span", content);
  if (style) bullet.style.color = style.color;
  if (style?.size === "small") bullet.classList.add("small");
  const still = style?.mode === "top" || style?.mode === "bottom";
  if (still) bullet.classList.add("still");
  stage.append(bullet);
  const lane = still ? standingLane(style.mode) : freeLane(bullet.offsetWidth);
  if (lane === -1) {
    bullet.remove();
    return;
  }
  bullet.style.top = `${lane * LANE_REM}rem`;
  bullet.addEventListener("animationend", () => bullet.remove());
}

function standingLane(edge) {
  const now = performance.now();
  if (now < (standing[edge] ?? 0)) return -1;
  standing[edge] = now + STAND_MS;
  return edge === "top" ? 0 : LANES - 1;
}

/**
 * The first lane in which a text touches none before it. Every text flies for the same time, so a
 * wide one is faster: it must neither set off before the one ahead has entered whole, nor reach the
 * far edge before that one has left.
 */
function freeLane(width) {
  const now = performance.now();
  const stageWidth = stage.clientWidth;
  for (let lane = 0; lane < LANES; lane++) {
    const ahead = flights[lane];
    const entered = ahead && ((ahead.width + GAP) * FLIGHT_MS) / (stageWidth + ahead.width);
    const crossing = (stageWidth * FLIGHT_MS) / (stageWidth + width);
    const free = !ahead || (now >= ahead.at + entered && now + crossing >= ahead.at + FLIGHT_MS);
    if (!free) continue;
    flights[lane] = { at: now, width };
    return lane;
  }
  return -1;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function say(words) {
  status.textContent = words;
}

void showRooms();
setInterval(() => document.hidden || showRooms(), ROOMS_EVERY_MS);
