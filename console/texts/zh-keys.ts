export const keys = {
  "Copy it now. It is shown this once; the gateway keeps a hash only.":
    "请立即复制。它只显示这一次，网关只保存其哈希值。",
  "From the settings": "来自设置",
  "I have it": "已保存",
  Key: "密钥",
  Keys: "密钥",
  "Limits and what is left": "限额与剩余",
  "Limits. Empty: none.": "限额，留空则不限。",
  "Make a key": "新建密钥",
  "Make the key": "新建密钥",
  Models: "模型",
  "Names, separated by commas. Empty: all.": "用逗号分隔的名称，留空为全部。",
  Revoke: "吊销",
  Rotate: "更换",
  "The new key": "新密钥",
  "The old secret of {name} is refused from the next request on. Running answers go on.":
    "从下一个请求起，{name} 的旧密钥会被拒绝。正在进行的回答会继续。",
  all: "全部",
  "at the same time": "同时进行",
  expired: "已过期",
  "requests a day": "请求/天",
  "tokens a day": "词元/天",
  "tokens a minute": "词元/分钟",
  "{left} of {limit}": "剩余 {left}/{limit}",
  "{name} is refused from the next request on, for ever. Running answers go on.":
    "从下一个请求起，{name} 将被永久拒绝。正在进行的回答会继续。",
} as const;
