export const usage = {
  "In this time": "这段时间",
  "Mean first text": "平均首段文字",
  "Mean wait": "平均等待",
  "Told apart by": "按以下区分",
  Usage: "用量",
} as const;
