/** Somebody who talks in the demo's room. */
export interface Character {
  name: string;
  language: "zh" | "en";
  /** How much they talk, compared with the others. */
  weight: number;
}

/** Everyone in the demo signs in with this; the data folder holds nothing but the demo. */
export const DEMO_PASSWORD = "demo-password";
/** For people who want to talk too. */
export const DEMO_VIEWER = "demo_viewer";
export const DEMO_STREAMER = "demo_streamer";

export const DEMO_ROOM = {
  room_name: "深夜排位冲分 · Road to Gold",
  description: "随便聊聊，路过的朋友点个关注。Ranked games and idle talk, all night.",
};

const CHINESE = [
  "夜猫子阿宁",
  "奶茶三分糖",
  "今天也没睡",
  "一只小熊猫",
  "摸鱼办主任",
  "云边有个小卖部",
  "山有木兮木有枝",
  "加班的皮卡丘",
  "不想起床星人",
  "隔壁老王的猫",
  "北京一场雪",
  "西瓜味汽水",
  "橘子味的海",
  "数学课代表",
  "今晚吃火锅吗",
  "人间小橘猫",
  "九点半的地铁",
  "重庆小面加蛋",
  "追风的少年呀",
  "键盘声音很大",
  "晚风吹过稻田",
  "失眠第七天",
  "白菜炖豆腐",
  "咸鱼翻身失败",
  "路过的守门员",
  "月亮不营业",
  "二十四桥明月夜",
  "可乐要加冰",
  "青岛大虾饺",
  "退休的打野",
] as const;

const ENGLISH = [
  "SleepyOtter",
  "mango_lassi",
  "NorthernLena",
  "tea_and_toast",
  "quietstorm88",
  "PixelPaula",
  "notarobot_honest",
  "BenFromCardiff",
  "lofi_louis",
  "MidnightMaya",
  "grumpy_wizard",
  "okaySure",
  "Ravi_plays",
  "potato.lord",
  "JustJune",
  "second_monitor",
  "Kowalski",
  "left_lane_larry",
  "snackbreak",
  "TheRealAda",
  "cloudy_morning",
  "oneMoreGame",
  "frostbyte_fin",
  "hello_its_sam",
  "MossyRock",
  "captain_crumb",
  "violet_v",
  "lagging_again",
  "SundayDriver",
  "twoCoffees",
] as const;

/**
 * The first `count` characters; the same ones at every call. A few talk a lot and most a little, as
 * in every room: the n-th of each language has the weight 1/√n.
 */
export function cast(count: number): Character[] {
  return Array.from({ length: count }, (_, i) => {
    // Two in Chinese for every one in English.
    const english = i % 3 === 2;
    const nth = english ? Math.floor(i / 3) : i - Math.floor((i + 1) / 3);
    const names = english ? ENGLISH : CHINESE;
    const round = Math.floor(nth / names.length);
    const name = `${names[nth % names.length]}${round === 0 ? "" : round + 1}`;
    return { name, language: english ? "en" : "zh", weight: 1 / Math.sqrt(nth + 1) };
  });
}
