// Words of the alarms' page.

export default {
  "alarms.open": { en: "Open", zh: "当前告警" },
  "alarms.past": { en: "Past", zh: "历史告警" },
  "alarms.past_hint": { en: "Since the start of this node, at most 500.", zh: "自本节点启动以来，最多 500 条。" },
  "alarms.none": { en: "Nothing is wrong.", zh: "一切正常。" },
  "alarms.no_past": { en: "There was none.", zh: "没有历史告警。" },
  "alarms.severity": { en: "Severity", zh: "级别" },
  "alarms.alarm": { en: "Alarm", zh: "告警" },
  "alarms.subject": { en: "Of", zh: "对象" },
  "alarms.since": { en: "Since", zh: "开始时间" },
  "alarms.until": { en: "Until", zh: "结束时间" },
  "alarms.for": { en: "For", zh: "持续" },
  "alarms.lasted": { en: "Lasted", zh: "持续时长" },
};
