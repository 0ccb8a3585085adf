// @ts-nocheck -- runs in browsers; the types of this project are those of a server, without a DOM
// The start page: lists the rooms that are live, and shows the danmaku of the one that is chosen.

const ROOMS_EVERY_MS = 5_000;
const LANES = 6;
const LANE_REM = 2.25;
const MESSAGES_KEPT = 200;
/** More than this at once on the stage could not be read anyway. */
const FLYING_MAX = 80;

const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const rooms = byId("rooms");
const stage = byId("stage");
const messages = byId("messages");
const status = byId("status");

/** @type {EventSource | null} */
let stream = null;
let watching = 0;
let lane = 0;

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
  if (stage.childElementCount < FLYING_MAX && !document.hidden) fly(message);
}

function fly({ content, style }) {
  const bullet = element("span", content);
  if (style) bullet.style.color = style.color;
  if (style?.size === "small") bullet.classList.add("small");
  if (style?.mode === "top" || style?.mode === "bottom") bullet.classList.add("still");
  lane = (lane + 1) % LANES;
  const row = style?.mode === "bottom" ? LANES - 1 : style?.mode === "top" ? 0 : lane;
  bullet.style.top = `${row * LANE_REM}rem`;
  bullet.addEventListener("animationend", () => bullet.remove());
  stage.append(bullet);
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
