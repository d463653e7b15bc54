/** The pages of events and of settings. */
export const events = {
  Alerts: "警报",
  Details: "详情",
  Events: "事件",
  Kind: "类型",
  Meaning: "含义",
  "No such setting": "没有符合的设置",
  "Notices go to ALERT_URL when an account needs a person, and when it works again.":
    "账号需要人工处理以及恢复正常时，会通知 ALERT_URL。",
  "Send a test": "发送测试",
  "These are in force since the start. Change them in the environment or in .env, then restart.":
    "以下设置自启动起生效。请在环境变量或 .env 中修改，然后重启。",
  Value: "值",
  What: "内容",
  Who: "操作者",
  alert: "警报",
  audit: "操作记录",
  default: "默认",
  environment: "环境变量",
  "file of the secret": "机密文件",
  "generated, in STATE_DIR": "自动生成，保存在 STATE_DIR",
  reached: "已送达",
  "set, not shown": "已设置，不显示",
  state: "状态",
} as const;
