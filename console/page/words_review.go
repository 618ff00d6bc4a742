package page

import (
	"maps"

	"github.com/sekimori-dlp/sekimori/audit/report"
)

func init() {
	maps.Copy(dictionary, reviewWords)
	maps.Copy(terms, reviewTerms)
	for kind, words := range map[string]map[string][2]string{"act ": report.Acts, "type ": report.Types} {
		for w, p := range words {
			terms[kind+w] = pair{p[0], p[1]}
		}
	}
}

// reviewWords are those of alarms, delegations, reports, the checklist and the
// record's verification.
var reviewWords = map[string]pair{
	"nav.alarms": {"警報", "Alarms"}, "nav.reports": {"報告書", "Reports"}, "nav.checklist": {"点検表", "Checklist"},
	"position": {"位置", "Position"}, "at-line": {"%s行目", "line %s"}, "at-byte": {"%sバイト目", "byte %s"},
	"evidence": {"証拠", "Evidence"}, "evidence-what": {"暗号化して保存しています。監査者の鍵でだけ、コマンド sekimori evidence open で開けます (記録されます)。", "Kept encrypted. Only an auditor's key opens it, by the command sekimori evidence open, which is recorded."},

	"alarms-lead": {"だれかが見るべきこと。確認すると記録され、見ていないと次の人へ知らせます。", "What somebody has to look at. Acknowledging it is recorded; if nobody does, others are told."},
	"alarms-none": {"警報は設定されていません。設定ファイルの [[alarm]] と [[notify]] で知らせ先を決めます。", "No alarm is set up. [[alarm]] and [[notify]] in the configuration say who is told of what."},
	"alarms-open": {"未確認", "Not acknowledged"}, "alarms-past": {"確認済み", "Acknowledged"}, "alarms-to": {"知らせ先", "Who is told"}, "alarm-to": {"知らせ先", "Destination"}, "alarm-sent": {"送信", "Sent"}, "alarm-waiting": {"送信待ち", "Waiting"},
	"alarm-what": {"内容", "What"}, "alarm-count": {"件数", "Count"}, "alarm-name": {"警報", "Alarm"}, "alarm-told": {"最初のお知らせ", "Told first"}, "alarm-unseen": {"未確認", "open"}, "alarm-escalated": {"未確認のため次の人へ", "escalated"}, "alarm-seen": {"確認済み", "acknowledged"},
	"alarm-ack-lead": {"確認すると、あなたが対応することになり、ほかの人へは知らせません。", "Acknowledging means that you look after it; nobody else is told."}, "alarm-ack-do": {"確認した", "Acknowledge"}, "alarm-acked": {"確認を記録しました。", "Acknowledged and recorded."}, "alarm-was-acked": {"すでに確認されています。", "It was acknowledged before."},

	"delegation-title": {"不在時の代理", "Delegation during absence"}, "delegation-lead": {"不在の間、別の承認者が代わりに決裁します。代理でも、申請者本人の決裁や1人での2票はできません。", "While somebody is away, another approver decides for them. Nobody gets a second vote by it, nor one on their own request."},
	"delegation-now": {"今ある代理", "In force or to come"}, "delegation-of": {"不在の人", "Away"}, "delegation-to": {"代理の人", "Delegate"}, "delegation-until": {"終わり", "Ends"}, "delegation-last": {"最後の日", "Last day"}, "delegation-mine": {"自分の代理", "Your own"}, "delegation-is": {"いまは %s さんが代理です。", "%s decides for you now."},
	"delegation-do": {"代理を決める", "Delegate"}, "delegation-end": {"代理を終える", "End it"}, "delegation-who": {"別の承認者を選んでください。", "Choose another approver."}, "delegation-when": {"今日以降に終わる、3か月以内の期間を入れてください。", "Give days that end today or later, three months at most."},

	"reports-lead": {"記録から数え直した報告書。抜き取りはチェックポイントから機械的に決まり、選ぶことはできません。", "Counted anew from the record. The sample follows from a checkpoint; nobody can choose it."},
	"report-day":   {"日", "Day"}, "report-month": {"月", "Month"}, "report-do": {"報告書を作る", "Make the report"}, "reports-made": {"作った報告書", "Reports made"}, "report-running": {"数えています…", "Counting…"}, "report-ready": {"できました", "ready"}, "report-title": {"報告書", "Report"},
	"report-none": {"まだ作られていません。", "It has not been made yet."}, "report-busy": {"別の報告書を作っています。終わってからにしてください。", "Another report is being made. Try again when it is done."}, "report-period": {"日 (2026-11-21) か月 (2026-11) を、過去から選んでください。", "Choose a day (2026-11-21) or a month (2026-11) that has begun."},
	"report-html": {"印刷用のページをダウンロード", "Download a page to print"}, "report-csv": {"CSV をダウンロード", "Download as CSV"}, "report-stopped": {"止めた・警告した", "Stopped or warned"}, "report-sums": {"内訳の合計は総数と一致しています。", "The parts sum up to the whole."}, "report-no-sums": {"内訳の合計が総数と一致しません。", "The parts do not sum up to the whole."},
	"sample": {"抜き取り確認", "Spot check"}, "sample-lead": {"担当者以外の人が1件ずつ、業務上の必要、承認、宛先を確かめ、結果を記録してください。", "Somebody not in charge looks at each: was there a need, an approval, the right destination? The outcome is recorded."}, "sample-outcome": {"結果", "Outcome"}, "sample-none": {"抜き取りはまだできません。", "No sample can be drawn yet."},
	"looked-do": {"見た結果を記録", "Record your look"}, "looked-own": {"自分の送信は確認できません。", "Nobody checks their own uploads."}, "looked-what": {"結果を選び、疑問があれば理由を書いてください。", "Choose an outcome, and say why where there is a question."},

	"checklist-lead": {"NTT西日本グループの情報漏えい後に公表された点検の観点を、一般に知られる範囲で自分たちの言葉にまとめ、この設置の現状と照らしたものです。公式の項目ではありません。", "What the published inspection after the leak at NTT West's group looked for, as far as generally known and in our own words, held against this installation as it is now. It is no official list."},
	"check.does":     {"できている", "done"}, "check.partly": {"一部", "in part"}, "check.cannot": {"できていない", "not done"}, "check-item": {"点検の観点", "What is looked for"}, "check-verdict": {"判定", "Verdict"}, "check-evidence": {"根拠 (現在)", "Evidence, now"}, "check-see": {"見る", "see"},
	"theme.mail": {"メール", "Mail"}, "theme.cloud": {"クラウド・ウェブ", "Cloud and web"}, "theme.accounts": {"個人アカウント", "Individual accounts"}, "theme.privileged": {"特権作業", "Privileged work"}, "theme.log": {"記録と削除", "Records and their deletion"}, "theme.review": {"定期点検", "Periodic review"}, "theme.approval": {"持ち出しの事前承認", "Approval before take-out"}, "theme.elsewhere": {"この製品の外で要る対策", "Needed beside this product"},

	"checkpoints": {"チェックポイント", "Checkpoints"}, "signed": {"署名は正しい", "signatures hold"}, "unsigned": {"署名は確かめていません", "signatures were not checked"}, "outside": {"外部の証人", "Outside witnesses"}, "outside-agree": {"%d 件と一致。それより新しい記録: %s 件", "agrees with %d checkpoints; %s records are newer"}, "outside-none": {"照らすものがありません (audit.witness)。この機械を支配する人による書き直しは検知できません。", "none to compare with (audit.witness): who holds this machine could have written it anew"},
	"unproved": {"期限切れで比べられないもの: %d", "%d could not be compared, being expired"}, "silences": {"チェックポイントが途切れた時間", "Times without a checkpoint"}, "silence-stopped": {"停止・起動の記録あり", "stopped or started meanwhile"}, "silence-unknown": {"理由の記録なし", "nobody says why"}, "and-more": {"ほか %d 件", "and %d more"},
}

var reviewTerms = map[string]pair{
	"outcome fine": {"問題なし", "Fine"}, "outcome question": {"要確認", "A question"},
	"detail alarm": {"警報", "alarm"}, "detail of": {"不在の人", "of"}, "detail delegate": {"代理の人", "delegate"}, "detail until": {"まで", "until"}, "detail period": {"期間", "period"}, "detail report": {"報告書", "report"}, "detail form": {"形式", "form"}, "detail outcome": {"結果", "outcome"}, "detail page": {"ページ", "page"}, "detail bytes": {"量 (バイト)", "bytes"}, "detail what": {"内容", "what"}, "detail cut": {"上限で切り取り", "cut off"}, "detail about": {"内容", "about"}, "detail witness": {"証人", "witness"},
	"detail author": {"実行者", "by"}, "detail kind": {"記録の種類", "kind"}, "detail ca": {"認証局", "CA"}, "detail fingerprint": {"フィンガープリント", "fingerprint"}, "detail listeners": {"待ち受け", "listeners"}, "detail rules": {"ルール一式", "rules"}, "detail signed_by": {"署名者", "signed by"}, "detail number": {"番号", "number"}, "detail sha256": {"照合値", "digest"}, "detail node": {"ノード", "node"}, "detail in_place_of": {"代理の相手", "in place of"}, "detail recipients": {"宛先の数", "recipients"}, "detail id": {"番号", "id"}, "detail next": {"次のサーバー", "next server"}, "detail answer": {"その応答", "its answer"}, "detail notice": {"送信者への知らせ", "notice to the sender"}, "detail kept": {"保存日時", "kept at"}, "detail for": {"目的", "for"}, "detail dir": {"フォルダー", "folder"}, "detail stream": {"検査しながらの送信", "sent while inspected"}, "detail streamed": {"送信の番号", "stream number"}, "detail origin": {"宛先との接続", "origin"}, "detail left": {"判定前に出た量", "had left"},
	"kind report": {"報告書", "Report"}, "kind accounts": {"アカウントの変更", "Accounts changed"}, "kind evidence": {"証拠", "Evidence"}, "kind alarm-escalated": {"警報の引き上げ", "Alarm escalated"},
	"check alarms": {"警報", "Alarms"},
}
