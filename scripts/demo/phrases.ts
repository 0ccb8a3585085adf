/**
 * What people in a live room say, as a small grammar: `{name}` stands for one of the words of that
 * name, which may hold further names. With few lines of it there are many thousand texts, so a room
 * can go on for hours without sounding like a loop.
 */

type Random = () => number;

/** Texts of one language by name of the occasion. */
interface Phrasebook {
  words: Readonly<Record<string, readonly string[]>>;
  chatter: readonly string[];
  gifts: readonly string[];
  supers: readonly string[];
  moments: Readonly<Record<MomentName, readonly string[]>>;
}

/** What may happen on the stage; everybody reacts in their own language. */
export const momentNames = [
  "clutch",
  "fail",
  "over",
  "joke",
  "song",
  "cat",
  "vote",
  "newcomers",
  "suspense",
] as const;
export type MomentName = (typeof momentNames)[number];

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

const chinese: Phrasebook = {
  words: {
    six: ["666", "6666", "66666", "666666", "6", "六六六"],
    ha: ["哈哈", "哈哈哈", "哈哈哈哈", "哈哈哈哈哈", "哈哈哈哈哈哈哈", "hhhh", "红红火火恍恍惚惚"],
    wow: ["牛", "牛啊", "太强了", "秀", "太秀了", "厉害了", "帅", "绝了", "顶", "稳"],
    end: ["", "", "", "！", "！！", "～", "啊"],
    host: ["主播", "主播", "主播", "老哥", "up", "播播"],
    hero: ["这个打野", "对面中路", "咱家射手", "辅助", "上单", "这个法师", "对面那个刺客"],
    skill: ["走位", "意识", "预判", "手速", "操作", "节奏", "视野", "这个大招", "补刀", "团战"],
    good: [
      "有点东西",
      "拉满了",
      "教科书级别",
      "没话说",
      "我学会了（并没有）",
      "可以进集锦了",
      "比我强一百倍",
    ],
    place: [
      "广州",
      "成都",
      "西安",
      "哈尔滨",
      "杭州",
      "长沙",
      "武汉",
      "青岛",
      "昆明",
      "厦门",
      "兰州",
      "苏州",
    ],
    food: [
      "烧烤",
      "泡面",
      "火锅",
      "小龙虾",
      "麻辣烫",
      "炒饭",
      "西瓜",
      "奶茶",
      "螺蛳粉",
      "煎饼果子",
      "饺子",
    ],
    time: ["十点", "十一点半", "快十二点", "一点", "两点多", "凌晨"],
    task: ["作业", "论文", "周报", "PPT", "实验报告", "简历", "单词", "毕业设计"],
    thing: [
      "这个皮肤",
      "这首背景音乐",
      "这个头像框",
      "这把椅子",
      "这个键盘",
      "主播的耳机",
      "这个麦克风",
    ],
    ask: ["多少钱", "叫什么", "哪里买的", "求链接", "好用吗", "什么牌子"],
    mood: ["困", "饿", "精神", "开心", "想睡又舍不得", "感动", "紧张"],
    plan: [
      "看完这把就睡",
      "明天要早起",
      "明天考试",
      "明天还要上班",
      "今天刚放假",
      "请假在家",
      "在宿舍偷偷看",
    ],
    since: ["三年前", "去年冬天", "上个月", "昨天", "第一场"],
  },
  chatter: [
    "{time}了还在看，{plan}",
    "{host}{skill}{good}",
    "{hero}的{skill}{good}",
    "{hero}是不是睡着了{end}",
    "有没有{place}的朋友{end}",
    "{place}的来了",
    "{place}今天下雨，正好看直播",
    "一边吃{food}一边看",
    "想吃{food}了，都怪弹幕",
    "{food}到了，先吃两口",
    "{thing}{ask}？",
    "求问{thing}{ask}",
    "我是{since}关注的，{host}一点没变",
    "从{since}一直看到现在",
    "有点{mood}，但是再看一把",
    "{mood}{end}",
    "{task}还没写，{mood}",
    "本来要写{task}的，点进来就出不去了",
    "{host}喝口水吧",
    "{host}今天状态不错",
    "{host}几点下播？",
    "{host}唱一个{end}",
    "刚来，现在几比几？",
    "前面发生了什么，刚去拿{food}",
    "这把能赢吗，押一包{food}",
    "对面{skill}也不差",
    "弹幕慢一点，看不过来了",
    "声音有点小，是我的问题吗",
    "画质好清楚",
    "{skill}是怎么练的，求教学",
    "{hero}背锅",
    "小问题，问题不大",
    "稳住，我们能赢",
    "别浪，求你了",
    "感觉要翻盘",
    "这局节奏好快",
    "挂着当背景音乐，真舒服",
    "室友问我在笑什么",
    "我妈以为我在上网课",
    "点个关注再走",
    "关注了关注了",
    "今天人好多",
    "大家晚上好{end}",
    "下次什么时候播？",
    "这个{skill}我也会，只是手不会",
    "已经录屏了，回去慢慢学{skill}",
    "等一个名场面",
    "比上一把{wow}",
    "我在{place}，延迟一秒都没有",
    "报告，{task}写完了，来领奖",
    "吃{food}的时候不要看{host}玩，会呛到",
    "第一次看到{time}还这么热闹的直播间",
  ],
  gifts: ["小火箭", "荧光棒", "小心心", "棒棒糖", "烟花", "纸飞机", "奶茶", "大西瓜"],
  supers: [
    "第一次发醒目留言，祝{host}今天上分",
    "{since}看到现在，谢谢你陪我写完{task}",
    "{host}，{thing}{ask}？问了好几次了",
    "{place}的朋友们一起吃{food}吗",
    "下把能不能用一下辅助，想学{skill}",
    "明天考试，求一句加油",
    "{plan}，走之前支持一下",
  ],
  moments: {
    clutch: [
      "{six}",
      "{six}",
      "{six}",
      "{wow}{end}",
      "{wow}{wow}",
      "一打三！！！",
      "我看傻了",
      "回放回放",
      "截图了",
      "这{skill}{good}",
      "直接起飞",
    ],
    fail: [
      "{ha}",
      "{ha}",
      "{ha}",
      "笑死",
      "名场面",
      "下次一定",
      "我不忍心看",
      "手滑警告",
      "{ha}录下来了",
      "可以的，很节目效果",
      "？？？",
      "对面：谢谢",
    ],
    over: [
      "GG",
      "GG",
      "gg",
      "精彩{end}",
      "再来一把",
      "赢了赢了",
      "{six}",
      "打得好",
      "上分了",
      "辛苦了辛苦了",
      "下一把下一把",
    ],
    joke: [
      "{ha}",
      "{ha}",
      "好冷",
      "空调都省了",
      "绷不住了",
      "笑不活了",
      "有被冷到",
      "？",
      "{ha}{end}",
    ],
    song: [
      "好听{end}",
      "好听",
      "这歌叫什么？",
      "单曲循环了",
      "求歌名",

      "跟着唱了",
      "🎵🎵🎵",
      "点一首晴天",
      "起鸡皮疙瘩了",
    ],
    cat: [
      "猫！！",
      "猫猫！",
      "好可爱",
      "是橘猫吗",
      "吸一口",
      "让猫打",
      "猫比你会玩",
      "主子驾到",
      "喵",
      "喵喵喵",
      "给猫加工资",
    ],
    vote: ["1", "1", "1", "2", "2", "1！", "2 2 2", "都行", "1，冲分要紧", "2，想看乐子"],
    newcomers: [
      "来了来了",
      "{place}报到",
      "{place}",
      "前排",
      "晚上好",
      "第一次来",
      "老观众报到",
      "爬上来了",
    ],
    suspense: [
      "紧张",
      "稳住",
      "别急",
      "加油{end}",
      "加油加油",
      "深呼吸",
      "不敢看",
      "黄金在招手",
      "{six}",
      "必赢",
    ],
  },
};

const english: Phrasebook = {
  words: {
    six: ["666"],
    ha: ["lol", "LOL", "lmao", "haha", "hahaha", "hahahaha", "😂", "😂😂"],
    wow: ["wow", "clean", "insane", "nice", "so good", "smooth", "huge", "what a play", "unreal"],
    end: ["", "", "", "!", "!!", " :)", " tbh", " honestly"],
    host: ["streamer", "the host", "you", "our captain"],
    hero: [
      "their jungler",
      "our support",
      "the mid lane",
      "that mage",
      "top lane",
      "the other team",
    ],
    skill: [
      "positioning",
      "timing",
      "aim",
      "map awareness",
      "that combo",
      "patience",
      "the rotation",
    ],
    good: [
      "is on another level",
      "got so much better",
      "deserves a replay",
      "is textbook",
      "wins games",
      "makes me jealous",
    ],
    place: [
      "Lisbon",
      "Toronto",
      "Leeds",
      "Manila",
      "Austin",
      "Nairobi",
      "Oslo",
      "Melbourne",
      "Pune",
      "Kraków",
      "Lima",
      "Dublin",
    ],
    food: [
      "noodles",
      "pizza",
      "toast",
      "popcorn",
      "leftovers",
      "cereal",
      "dumplings",
      "tea",
      "coffee",
      "ice cream",
    ],
    time: ["2 am", "midnight", "lunch break", "way too late", "Sunday morning", "6 in the morning"],
    task: ["my essay", "laundry", "the dishes", "my homework", "a report", "packing", "taxes"],
    thing: [
      "that headset",
      "this song",
      "the overlay",
      "that keyboard",
      "the lamp in the back",
      "that mouse",
    ],
    mood: ["sleepy", "hungry", "hyped", "nervous", "happy", "cosy"],
    since: ["since last year", "since the first stream", "for a month now", "since yesterday"],
  },
  chatter: [
    "hi from {place}{end}",
    "anyone else from {place}?",
    "it's {time} in {place}",
    "watching with {food}",
    "should be doing {task} but here I am",
    "{task} can wait",
    "{skill} {good}",
    "{hero} needs a hug",
    "{hero} is having a day",
    "what is {thing}?",
    "where did you get {thing}?",
    "been watching {since}{end}",
    "feeling {mood}{end}",
    "one more game and then bed",
    "just got here, what's the score?",
    "brb, {food}",
    "back with {food}, what did I miss?",
    "chat is moving fast tonight",
    "the music is nice",
    "audio is perfect btw",
    "how long have you been live?",
    "any tips for {skill}?",
    "I try that and I lose every time",
    "don't throw this one please",
    "we can still win this",
    "this is my favourite room",
    "can someone translate the last one?",
    "good evening everyone",
    "learning Chinese from this chat",
    "drink some water{end}",
    "my {food} went cold watching this",
    "calling it now: comeback",
    "is it {time} there too?",
    "more {mood} than I should be",
    "{place} says hello",
    "same team as last game?",
    "I blinked, what happened?",
    "following {since}, never disappointed",
    "{food} or {food}? need to decide",
    "only came for five minutes, that was an hour ago",
    "my cat is watching too",
    "no lag at all from {place}",
  ],
  gifts: [
    "Rocket",
    "Glow stick",
    "Heart",
    "Lollipop",
    "Fireworks",
    "Paper plane",
    "Coffee",
    "Balloon",
  ],
  supers: [
    "first super message, good luck with the climb!",
    "been here {since}, thanks for the company while I did {task}",
    "greetings from {place}, keep it up!",
    "could you show {skill} slowly next game?",
    "happy birthday to my brother, he watches too",
  ],
  moments: {
    clutch: [
      "{wow}{end}",
      "{wow}",
      "CLUTCH",
      "clutch!!",
      "POG",
      "LET'S GO",
      "let's gooo",
      "clip it",
      "1v3??",
      "how",
      "666",
    ],
    fail: [
      "{ha}",
      "{ha}",
      "oof",
      "RIP",
      "F",
      "F",
      "we saw nothing",
      "it was lag, sure",
      "{ha} classic",
      "happens to everyone",
      "clip it",
    ],
    over: [
      "GG",
      "gg",
      "ggwp",
      "GG",
      "well played",
      "wp",
      "one more!",
      "what a game",
      "good game all",
    ],
    joke: ["{ha}", "{ha}", "I can't", "groan", "dad joke alert", "ok that was good", "{ha}"],
    song: [
      "love this one",
      "song name?",
      "what song is this",
      "🎵🎵🎵",
      "vibing",
      "turn it up",
      "such a good voice",
    ],
    cat: [
      "CAT",
      "cat!!",
      "cat!",
      "so cute",
      "let the cat play",
      "hello cat",
      "what's its name?",
      "best player on the team",
      "meow",
    ],
    vote: ["1", "1", "2", "2", "1!", "2 please", "either is fine", "1 for the climb"],
    newcomers: [
      "hi!",
      "hello",
      "hi from {place}",
      "{place} here",
      "first time here",
      "hey everyone",
    ],
    suspense: [
      "nervous",
      "you got this",
      "so close",
      "come on!",
      "can't watch",
      "deep breath",
      "this is it",
    ],
  },
};

/** What people put after anything, in any language. */
const tails = [
  " 😂",
  "😂😂",
  " ❤️",
  "～",
  "~",
  "…",
  " 👀",
  " 🎉",
  " 🥲",
  " www",
  " 233",
  " :)",
  "!!",
  " 🙏",
];

const books = { zh: chinese, en: english };
export type Language = keyof typeof books;

/** Each pattern of small talk once for every so many texts that it can become, at most six times. */
const weighted: Readonly<Record<Language, readonly string[]>> = {
  zh: weigh(chinese),
  en: weigh(english),
};

function weigh({ chatter, words }: Phrasebook): string[] {
  return chatter.flatMap((pattern) => {
    const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const texts = names.reduce((product, name) => product * (words[name]?.length ?? 1), 1);
    return new Array<string>(Math.min(6, 1 + Math.floor(Math.log2(texts)))).fill(pattern);
  });
}

/** Small talk. A pattern with many meanings is heard more often than one that is always the same. */
export function chatter(language: Language, random: Random): string {
  const { words } = books[language];
  const text = expand(pick(weighted[language], random), words, random);
  return random() < 0.15 ? text + pick(tails, random) : text;
}

/** What somebody shouts when that happens. */
export function reaction(moment: MomentName, language: Language, random: Random): string {
  const { moments, words } = books[language];
  return expand(pick(moments[moment], random), words, random);
}

/** What a super message says. */
export function superText(language: Language, random: Random): string {
  const { supers, words } = books[language];
  return expand(pick(supers, random), words, random);
}

/** The name of a gift. */
export function giftName(language: Language, random: Random): string {
  return pick(books[language].gifts, random);
}

/** Puts words in place of the `{names}` of a pattern. @throws Error on a name that has no words */
export function expand(
  pattern: string,
  words: Readonly<Record<string, readonly string[]>>,
  random: Random,
): string {
  const text = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const choice = words[name];
    if (choice === undefined)
      throw new Error(`"${pattern}" asks for {${name}}, which has no words`);
    return pick(choice, random);
  });
  return text.trim();
}

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
}

/** All patterns with the words they are made of, for a test that expands every one. */
export function allPatterns(): { pattern: string; words: Phrasebook["words"] }[] {
  return Object.values(books).flatMap(({ words, chatter, gifts, supers, moments }) =>
    [...chatter, ...gifts, ...supers, ...Object.values(moments).flat()].map((pattern) => ({
      pattern,
      words,
    })),
  );
}
