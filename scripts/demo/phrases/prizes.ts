/** What the streamer gives away. */
export const prizes: readonly string[] = [
  "主播签名鼠标垫",
  "一个月大会员",
  "猫主子的签名照",
  "a signed mug",
  "键盘一把（猫没踩过的）",
  "two hours of duo queue",
  "奶茶一杯，地址私信",
  "the next song is yours",
];

/** What has to be said to take part, where one joins by saying something. */
export const keywords: readonly string[] = ["抽我", "我要抽奖", "pick me", "欧气满满", "冲冲冲"];
