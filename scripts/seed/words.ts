/** Names of the people who are sown; with more people they come again, numbered. */
export const NAMES = [
  "林小满同学",
  "Tomasz_W",
  "阿宁的厨房",
  "mira.k",
  "江边骑行客",
  "OtterOfficial",
  "周末木工坊",
  "lena_paints",
  "猫爬架研究所",
  "NightBusNico",
  "西湖边的雨",
  "cardboard_dad",
  "铁锅与辣椒",
  "JuneOnTape",
  "三轮车与狗",
  "quiet_summit",
  "老街照相馆",
  "Pia_and_Pets",
  "高原上的云",
  "benji_bakes",
] as const;

export const TITLES = [
  "清晨五点的城市 #日常",
  "How the light moves",
  "三十秒学会打蝴蝶结",
  "Test pattern, but make it art",
  "雨停之后 🌈",
  "One minute of nothing",
  "周末的第一杯咖啡 ☕",
  "Colours I found today",
  "骑车穿过整座老城",
  "My cat, abstract version 🐈",
  "这个转场我练了一百遍",
  "Loop it until it makes sense",
  "山顶的风很大，慎点",
  "Tiny studio tour",
  "外婆教的手艺",
  "Late train home 🚆",
] as const;

export const REMARKS = [
  "太好看了！",
  "How did you do this?",
  "已经看了三遍 😂",
  "Saving this one.",
  "前排",
  "The ending!",
  "求背景音乐",
  "Same energy as my Monday.",
  "这也太治愈了吧",
  "more please 🙏",
  "第一次这么早",
  "Colours are unreal",
  "学到了，谢谢分享",
  "ok now I need a tutorial",
] as const;

/** Turns of a chat, one person after the other. */
export const CHATS = [
  ["在吗？", "在呢，怎么了", "你那个视频用什么拍的？", "就手机，加个三脚架"],
  ["hey, saw your new one", "and? 😬", "it's great, honestly", "you just made my day"],
  ["周末一起去拍？", "好啊，几点", "六点，要赶日出", "……你认真的吗"],
  ["did you change the colours?", "only a little", "keep it that way"],
] as const;
