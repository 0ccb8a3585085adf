import type { MomentName } from "./phrasebook.ts";

/** What the streamer says when it happens. */
export const announcements: Readonly<Record<MomentName, readonly string[]>> = {
  clutch: [
    "看好了，一打三！",
    "这波我来！ watch this",
    "稳住稳住……好！！",
    "one against three, here we go",
  ],
  fail: ["啊这……手滑了手滑了", "我发誓我按了闪现", "nobody saw that, right?", "鼠标没电了，真的"],
  over: [
    "这把结束了，GG",
    "好，下一把！ next game",
    "赢了赢了，上分！",
    "that's the game, thank you all",
  ],
  joke: [
    "讲个冷笑话：为什么程序员分不清万圣节和圣诞节？",
    "我妈刚问我在跟谁说话",
    "my chair just made that sound, not me",
  ],
  song: ["来，换首歌 🎵", "接下来这首是你们点的", "time for a song, requests in chat"],
  cat: ["等一下，猫踩键盘了", "猫又来了……", "sorry, cat on the keyboard", "给你们看看我家主子"],
  vote: ["下一把玩什么？打 1 继续排位，打 2 娱乐模式", "vote: 1 = ranked, 2 = something silly"],
  newcomers: [
    "欢迎新来的朋友！",
    "welcome everyone who just came in",
    "新来的朋友报个到，从哪里来的？",
  ],
  suspense: ["还差一分就上黄金了", "最后一波，赢了就晋级", "last round, all or nothing"],
};

/** What the streamer says about a gift or a super message; `{who}` is who sent it. */
export const thanks: readonly string[] = [
  "谢谢 {who} 的礼物！",
  "感谢 {who}，老板大气",
  "thank you {who}!!",
  "{who} 太客气了，谢谢",
  "much love, {who}",
  "谢谢 {who}，记小本本上了",
];
