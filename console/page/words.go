package page

import (
	"fmt"
	"strings"
)

// pair is a word in Japanese and in English.
type pair struct{ ja, en string }

func (p pair) in(lang string) string {
	if lang == "ja" {
		return p.ja
	}
	return p.en
}

// Word gives a word of the pages, with args put in. An unknown key shows
// itself; a test looks for such.
func Word(lang, key string, args ...any) string {
	p, ok := dictionary[key]
	if !ok {
		return "⟨" + key + "⟩"
	}
	if len(args) > 0 {
		return fmt.Sprintf(p.in(lang), args...)
	}
	return p.in(lang)
}

// Term gives the word for something that the record names, such as an action
// or a type; what has no word is shown as it is.
func Term(lang, kind, word string) string {
	if p, ok := terms[kind+" "+word]; ok {
		return p.in(lang)
	}
	if id, ok := strings.CutPrefix(word, "KEYWORDS:"); ok && kind == "type" {
		return Word(lang, "words-of", id)
	}
	return word
}

var dictionary = map[string]pair{
	"skip": {"本文へ", "Skip to the content"}, "menu": {"メニュー", "Menu"}, "logout": {"ログアウト", "Log out"}, "login": {"ログイン", "Log in"},
	"nav.overview": {"概況", "Overview"}, "nav.incidents": {"インシデント", "Incidents"}, "nav.people": {"利用者", "People"},
	"nav.destinations": {"宛先", "Destinations"}, "nav.types": {"データの種類", "Data types"}, "nav.rules": {"ルール", "Rules"},
	"nav.log": {"記録の完全性", "Log integrity"}, "nav.acts": {"操作の記録", "Officers' acts"}, "nav.health": {"稼働状況", "System health"}, "nav.accounts": {"アカウント", "Accounts"},

	"name": {"名前", "Name"}, "password": {"パスワード", "Password"}, "password-new": {"新しいパスワード", "New password"}, "password-old": {"現在のパスワード", "Present password"},
	"password-again": {"もう一度", "Once more"}, "password-rule": {"%d文字以上。名前を含まず、他で使っていないもの。", "At least %d characters, without your name, used nowhere else."},
	"password-do": {"パスワードを変える", "Change the password"}, "code": {"ワンタイムコード (6桁)", "One-time code (6 digits)"},
	"login-hint":  {"ログイン、失敗したログイン、検索、閲覧はすべて記録されます。", "Log-ins, failed log-ins, searches and views are all recorded."},
	"login-title": {"ログイン", "Log in"}, "login-refused": {"名前、パスワード、またはコードが違います。", "The name, the password or the code is wrong."},
	"login-code":  {"認証アプリのコードも入力してください (パスワードももう一度)。", "Enter the code of your authenticator app as well (and the password again)."},
	"login-later": {"試行が多すぎます。15分ほど後にやり直してください。", "Too many tries. Try again in some 15 minutes."},
	"logged-out":  {"ログアウトしました。", "You are logged out."},
	"setup-title": {"アカウントを始める", "Start an account"}, "setup-founds": {"この設置の最初の管理者アカウントを作ります。最初の2つだけがこうして作れます。その後の役割の付与はすべて2人で行います。", "This makes one of the first accounts of this installation. Only the first two are made like this; afterwards every role takes two people."},
	"setup-for": {"%s さんのパスワードを決めます。", "Choose the password of %s."}, "setup-do": {"始める", "Start"}, "setup-done": {"できました。ログインしてください。", "Done. Log in now."},
	"setup-next":   {"できました。ログインしてください。2人目の運用者のためのリンクは、この機械の状態フォルダーの console/first-account にあります。", "Done. Log in now. The link for the second operator is in console/first-account in the state folder of this machine."},
	"setup-differ": {"2つのパスワードが違います。", "The two passwords differ."}, "roles": {"役割", "Roles"},
	"roles-apart":   {"ルール作成者と監査者を1人が兼ねることはできません。", "One person cannot be both rule author and auditor."},
	"role.operator": {"運用者", "Operator"}, "role.author": {"ルール作成者", "Rule author"}, "role.approver": {"承認者", "Approver"}, "role.auditor": {"監査者", "Auditor"},
	"role-what.operator": {"稼働とアカウントの管理", "keeps it running, administers accounts"}, "role-what.author": {"ルールの作成と提案", "writes and proposes rules"},
	"role-what.approver": {"他の人の提案への決裁", "decides on what others propose"}, "role-what.auditor": {"記録と操作の点検", "reviews the record and the officers' acts"},
	"no-role": {"役割なし", "no role"}, "no-role-yet": {"まだ役割がありません。運用者2人による付与をお待ちください。", "You have no role yet. Two operators have to give you one."},
	"to-start": {"最初のページへ", "To the first page"}, "not-found": {"見つかりません", "Not found"}, "not-found-what": {"そのページまたは記録はありません。", "There is no such page or record."},
	"forbidden": {"権限がありません", "Not allowed"}, "forbidden-what": {"このページはあなたの役割では開けません。", "Your role does not open this page."},
	"broken": {"エラー", "Something failed"}, "broken-what": {"処理できませんでした。何も変更していません。詳細は稼働ログにあります。", "This could not be done, and nothing was changed. The program's log tells more."},
	"unrecorded": {"操作を記録できないため、実行しませんでした。", "This was not done, because it could not be recorded."},
	"form-old":   {"フォームの有効期限が切れました。戻ってやり直してください。", "The form has expired. Go back and try again."},
	"insecure":   {"暗号化されていない接続です", "This connection is not encrypted"}, "insecure-what": {"コンソールは同じ機械から、または HTTPS 越しにだけ開けます。console.origin に https の公開URLを設定するか、SSH転送を使ってください。", "The console opens from the same machine or over HTTPS only. Set console.origin to its https URL, or use an SSH tunnel."},

	"time": {"日時", "Time"}, "day": {"日", "Day"}, "action": {"処置", "Action"}, "person": {"利用者", "Person"}, "destination": {"宛先", "Destination"}, "rule": {"ルール", "Rule"},
	"people": {"個人の数", "Persons in it"}, "people-what": {"送信物に含まれた個人の延べ数", "persons in what was sent, summed"}, "bytes": {"量", "Size"}, "follow-up": {"対応", "Follow-up"}, "type": {"種類", "Type"}, "severity": {"重大度", "Severity"},
	"any": {"すべて", "Any"}, "from": {"開始日", "From"}, "to": {"終了日", "Until"}, "search": {"探す", "Search"}, "clear": {"条件を消す", "Clear"},
	"incident-number": {"管理番号", "Incident number"}, "quiet": {"ルールに触れない送信も含める", "With what no rule noted"}, "only-gaps": {"検査できなかったものだけ", "Only what was not fully inspected"},
	"found": {"%d件", "%d found"}, "found-many": {"%d件以上", "More than %d found"}, "nothing-found": {"条件に合うものはありません。", "Nothing fits this."}, "newest": {"最新へ", "Newest"}, "older": {"より古いもの", "Older"},
	"not-inspected": {"検査できなかった部分があります", "Parts of it were not inspected"}, "gap-mark": {"未検査あり", "not all inspected"},
	"as-table": {"表で見る", "As a table"}, "sent": {"送信", "Uploads"}, "kept-in": {"止めた", "Kept in"}, "warned": {"警告", "Warned"}, "warned-what": {"確認すれば送れる", "may go once confirmed"},
	"open-incidents": {"未対応", "Not looked at"}, "open-what": {"止めたもののうち", "of those kept in"}, "gaps": {"検査できなかった", "Not fully inspected"}, "gaps-what": {"理由別の延べ件数", "parts, by reason, summed"},
	"latest": {"最近のインシデント", "Latest incidents"}, "no-incidents": {"この期間のインシデントはありません。", "No incidents in this time."}, "all-incidents": {"すべてのインシデント", "All incidents"}, "all-of-these": {"すべて見る", "See all of these"},
	"top.hosts": {"送信を止めた宛先", "Destinations kept from"}, "top.rules": {"働いたルール", "Rules that decided"}, "top.types": {"見つかったデータ", "Data found"}, "top.reasons": {"検査できなかった理由", "Why it was not inspected"}, "top.classes": {"宛先の分類", "Kinds of destination"}, "top.users": {"送信を止められた利用者", "People kept from sending"},
	"class": {"分類", "Kind"}, "reason": {"理由", "Reason"}, "none": {"ありません", "None"}, "nobody": {"(名前なし)", "(no name)"}, "span": {"期間", "Time span"}, "last-days": {"%d日間", "%d days"},
	"chart-stopped": {"ルールに触れた送信 (日別)", "Uploads that rules noted, by day"}, "chart-volume": {"通した送信 (日別)", "Uploads let out, by day"}, "let-out": {"通した", "Let out"},
	"findings": {"見つかったもの", "What was found"}, "masked": {"伏せ字", "Masked"}, "place": {"場所", "Place"}, "line": {"行", "Line"}, "confidence": {"確度", "Confidence"}, "validated": {"検証済み (チェックディジット・番号計画・地名などが合う)", "validated: check digit, numbering plan or place is right"},
	"body-itself":  {"本文", "the body itself"},
	"to-rule":      {"このルールを見る", "See this rule"},
	"nav.releases": {"持ち出し申請", "Releases"}, "release-title": {"持ち出し申請", "Release"}, "releases-lead": {"保留された送信の持ち出し申請。本人は決裁できず、承認は内容・利用者・宛先・期間に限られます。", "Requests to let out what a rule holds. Nobody decides on their own; a release is bound to the content, the person, the host and a time."},
	"release-waiting": {"承認待ち", "Waiting"}, "release-past": {"決裁済み", "Decided"}, "release-ends": {"期限", "Until"}, "release-asked": {"申請", "Asked"}, "release-people": {"承認", "Agreed"}, "release-for": {"承認の有効期間", "May pass for"}, "release-passed": {"使われた回数", "Used"}, "release-instead": {"(%s の代理)", "(for %s)"}, "release-yes": {"承認", "agrees"}, "release-no": {"却下", "refuses"},
	"release-approve": {"承認する", "Agree"}, "release-emergency": {"緊急承認", "Emergency release"}, "release-emergency-what": {"必要な人数を待たずに1人で承認します。警報が出ます。", "Lets it out on your word alone, whatever number of people the rule asks for. An alarm goes out."}, "release-sure": {"警報が出ることを理解しました", "I understand that an alarm goes out"}, "release-emergency-do": {"緊急承認する", "Release at once"},
	"release-agreed": {"記録しました。必要な人数がそろえば、送信者はもう一度送れます。", "Recorded. Once enough people agree, the sender may send it again."}, "release-own": {"自分の申請は決裁できません。", "Nobody decides on a request of their own."}, "release-not-yours": {"このルールの決裁者ではありません。", "The rule names others to decide on this."}, "release-again": {"すでに決裁しました (本人または代理として).", "You, or somebody for you, has decided already."},
	"release-lapsed-waiting": {"期限までに決裁がなく、期限切れになりました。", "Expired: nobody decided in time."}, "release-lapsed-approved": {"承認の有効期間が終わりました。", "Expired: it may not pass any longer."},
	"n-days": {"%d日", "%d days"}, "n-hours": {"%s時間", "%s hours"},
	"rules-not": {"当たらないルール", "Rules that do not apply"}, "yes": {"はい", "yes"}, "no": {"いいえ", "no"},
	"persons": {"人分の個人情報", "persons"}, "more-findings": {"ほかに%d件 (記録には最初の20件の場所が残ります)。", "And %d more (the record keeps the places of the first 20)."}, "no-findings": {"見つかったものはありません。", "Nothing was found."},
	"coverage": {"検査の範囲", "What was inspected"}, "coverage-line": {"検査 %d・一部 %d・できない %d", "inspected %d · partly %d · not %d"}, "parts": {"部分", "Parts"},
	"why": {"なぜこうなったか", "Why"}, "decided-by": {"決めたルール:", "Decided by"}, "no-rule": {"どのルールにも当たりませんでした。", "No rule applied."}, "condition": {"条件", "Condition"}, "had": {"実際", "There was"}, "needed": {"必要", "Needed"},
	"other-rules": {"ほかに当たったルール", "Other rules that applied"}, "shadow": {"試行中 (記録のみ)", "shadow: only recorded"}, "lifted-by": {"%s が解除", "lifted by %s"},
	"lead-incident": {"%s → %s", "%s → %s"}, "facts": {"事実", "Facts"}, "address": {"アドレス", "Address"}, "request": {"要求", "Request"}, "record": {"記録番号", "Record"}, "content": {"内容の照合値", "Content digest"}, "ruleset": {"ルール一式の照合値", "Rule set"},
	"state": {"状態", "State"}, "note": {"メモ", "Note"}, "note-do": {"記録する", "Record it"}, "note-recorded": {"メモも監査記録に残り、消せません。個人情報は書かないでください。", "Notes go into the audit log and cannot be taken back. Write no personal data."}, "note-empty": {"メモか状態の変更が必要です。", "Write a note or change the state."}, "noted": {"記録しました。", "Recorded."},
	"incident-title": {"インシデント", "Incident"}, "decision-title": {"送信", "Upload"},
	"order": {"並び", "Order"}, "by.kept": {"止めた数", "kept in"}, "by.n": {"送信数", "uploads"}, "by.bytes": {"量", "size"}, "by.people": {"個人の数", "persons"}, "by.key": {"名前", "name"}, "previous": {"前へ", "Previous"}, "next": {"次へ", "Next"},
	"people-lead": {"誰が何をどれだけ送り、止められたか。", "Who sent how much, and what was kept in."}, "destinations-lead": {"どこへ出ているか。", "Where it goes."},
	"flows-of-person": {"送り先 (月単位)", "Where this person sends (whole months)"}, "flows-of-host": {"送信した利用者 (月単位)", "Who sends there (whole months)"},
	"types-lead": {"検出したデータの種類。「通した」は、ルールに触れずに出たもの。", "Types of data found. “Let out” went without any rule minding it."}, "uploads": {"送信数", "Uploads"},
	"gaps-by-reason": {"検査できなかった理由", "Why things were not inspected"}, "gaps-lead": {"検査できなかった部分の扱いはルールが決めます。", "Rules decide what becomes of parts that could not be inspected."},

	"rules-lead": {"%d のルールが有効。照合値", "%d rules in force. Set"}, "rules-failed": {"最後の読み込みは失敗し、前のルールが有効のままです。", "The last load failed; the rules before it stay in force."},
	"try": {"試す", "Try them"}, "propose": {"変更を提案", "Propose a change"}, "changes": {"変更の提案と履歴", "Proposals and history"}, "hits-30": {"30日間の件数", "In 30 days"}, "source": {"出どころ", "Source"},
	"own-files": {"コンソールで管理するファイル", "Files kept by the console"}, "own-files-lead": {"変更は提案し、別の人が承認すると有効になります。設定ファイルや組み込みのルールはここでは変えられません。", "A change is proposed and comes into force once somebody else approves. Rules from the configuration and the built-in ones are not changed here."},
	"built-in": {"組み込み", "built in"}, "own-tests": {"ルール自身のテスト", "Own tests"}, "lifts": {"解除するルール", "Lifts"}, "conditions": {"条件", "Conditions"}, "or": {"または", "or"}, "every-upload": {"すべての送信", "every upload"},
	"try-title": {"ルールを試す", "Try the rules"}, "try-lead": {"文章かファイルを、送信されたときと同じように検査します。内容は保存されません (試したことと結果の処置だけが記録されます)。", "Inspects a text or file as if it were sent. Nothing of it is kept; that you tried, and the verdict, is recorded."},
	"try-text": {"文章", "Text"}, "try-file": {"またはファイル (32 MBまで)", "Or a file (up to 32 MB)"}, "try-to": {"宛先", "Destination"}, "try-user": {"送信者", "Sender"}, "try-groups": {"グループ (A,B)", "Groups (A,B)"}, "try-do": {"試す", "Try"},
	"try-rules": {"使うルール", "Rules"}, "try-live": {"有効なルール", "those in force"}, "try-change": {"提案 #%d (%s)", "proposal #%d (%s)"}, "try-of": {"%s、%s → %s", "%s, %s → %s"}, "try-nothing": {"文章かファイルを入れてください。", "Enter a text or choose a file."}, "try-large": {"大きすぎます (32 MBまで)。", "This is too large (up to 32 MB)."},
	"verdict": {"判定", "Verdict"}, "rule-by-rule": {"ルールごとの結果", "Rule by rule"}, "decides": {"決定", "decides"}, "applies": {"当たる", "applies"}, "applies-not": {"当たらない", "does not apply"}, "text-name": {"入力した文章", "the text"},
	"propose-title": {"ルールの変更を提案", "Propose a change of the rules"}, "propose-lead": {"提案は、別の承認者が認めるまで何も変えません。ルール自身のテストもここで実行されます。", "A proposal changes nothing until another person, an approver, agrees. The rules' own tests are run here too."},
	"file": {"ファイル", "File"}, "file-rule": {"英小文字、数字、ハイフン、.toml で終わる名前。空にして提案するとファイルを取り除きます。", "Lower-case letters, digits and hyphens, ending in .toml. An empty text proposes to take the file away."}, "toml": {"ルール (TOML)", "Rules (TOML)"}, "why-change": {"理由", "Reason"},
	"check-only": {"検査だけ", "Only check"}, "propose-do": {"提案する", "Propose"}, "faults": {"このままでは有効にできません:", "This cannot come into force:"}, "checked-ok": {"誤りはなく、テストも通りました。", "No faults, and the tests pass."}, "notes-of-rules": {"注意", "Notes"},
	"changes-title": {"変更の提案と履歴", "Proposals and history"}, "changes-lead": {"1人だけでルールを変えることはできません。", "Nobody can change a rule alone."}, "no-changes": {"まだ提案はありません。", "There are no proposals yet."}, "number": {"番号", "Number"},
	"proposed-by": {"提案者", "Proposed by"}, "decided-by-whom": {"決裁者", "Decided by"}, "change-title": {"変更の提案 #%d", "Proposal #%d"}, "proposed-line": {"%s が提案", "proposed by %s"}, "decided-line": {"%s が決裁", "decided by %s"},
	"stale": {"提案の後でファイルが変わりました。もう一度提案してください。", "The file has changed since. It has to be proposed again."}, "difference": {"差分", "Difference"}, "dry-run": {"過去の記録での試行", "Dry run over the recorded past"},
	"dry-line": {"%s件の送信", "%s uploads,"}, "dry-cut": {"(時間切れのためここまで)", "(stopped here for want of time)"},
	"dry-recorded": {"当時の判定", "At the time"}, "dry-was": {"今のルール", "Present rules"}, "dry-would": {"提案では", "With the proposal"},
	"dry-changed": {"%s件の判定が変わります。", "%s verdicts would change."}, "dry-same": {"変わる判定はありません。", "No verdict would change."},
	"dry-which": {"判定の変わる送信 (%d / %s件)", "Uploads whose verdict would change (%d of %s)"}, "dry-changes": {"変わる数", "Changed"},
	"dry-was-kept": {"今: 止める", "Kept in now"}, "dry-would-kept": {"提案: 止める", "With the proposal"},
	"dry-bounds": {"記録には内容が残らないため、見積りです。検出を20件まで全部記録している送信では確度や人ごとのそろい方まで分かりますが、それより多い送信では種類ごとの件数 (重複を含み、確度を問わない) から上限を見ます。当時のルールが探していなかった語や独自の検出器、ファイル名の条件は当たらないものとして数えます。「今のルール」も同じ方法で当てた数です。", "The record keeps no content, so these are estimates. Of uploads with up to 20 findings, all of which are recorded, confidence and what belongs to one person are known; of others the counts by type, with repeats and any confidence, so rather too many. Words and own detectors that no rule looked for at the time, and file names, count as not found. The present rules are judged in the same way."},
	"dry-lead":   {"この提案が有効だったら過去の送信がどうなっていたかを、記録された数から見積もります。", "Estimates from the recorded counts what would have become of past uploads."}, "dry-do": {"見積もる", "Estimate"}, "dry-not": {"この状態では見積もれません。", "Not available in this state."},
	"decision": {"決裁", "Decision"}, "why-decide": {"理由", "Reason"}, "approve": {"承認して有効にする", "Approve and put in force"}, "refuse": {"却下", "Refuse"}, "withdraw": {"取り下げる", "Withdraw"}, "waits-for-second": {"別の人の確認を待っています。", "Waits for a second person."}, "roll-back": {"この変更を戻す提案をする", "Propose to roll this back"},
	"proposed-done": {"提案しました。別の承認者の確認を待ちます。", "Proposed. Another person has to approve."}, "applied-done": {"承認され、ファイルを書きました。数秒で有効になります。", "Approved and written. It comes into force within seconds."}, "refused-done": {"却下しました。", "Refused."}, "withdrawn-done": {"取り下げました。", "Withdrawn."}, "why-missing": {"理由を書いてください。", "Write a reason."}, "back-why": {"#%d を戻す", "Roll back #%d"},
	"second-person": {"これには別の人が必要です。", "This takes another person."}, "gone": {"すでに決まったか、期限が切れています。", "This was decided already, or has expired."},

	"records": {"記録", "Records"}, "indexed": {"索引に取り込み済み", "taken into the index"}, "verify": {"記録の検証", "Verify the record"}, "verify-lead": {"すべての記録を1バイトずつ読み、変更・削除・挿入・並べ替えがないか確かめます。", "Reads every byte of every record and looks for changes, removals, insertions and swaps."}, "verify-do": {"今すぐ検証", "Verify now"}, "verifying": {"検証中", "Verifying"},
	"verify-failed": {"検証できませんでした", "Could not verify"}, "verify-bad": {"記録が変えられています", "The record was tampered with"}, "verify-good": {"%s件の記録、%dファイル、%s に異常はありません。", "%s records in %d files, %s: all as they were written."}, "last-hash": {"最後の記録", "Last record"}, "torn": {"書きかけの末尾", "Unfinished end"},
	"index": {"検索用の索引", "Search index"}, "building": {"記録から作っています", "Being made from the record"}, "index-ok": {"最新。最後に確認:", "Up to date. Last look:"}, "rebuild": {"作り直す", "Make anew"}, "marks": {"起動・停止・読み込み・欠け", "Starts, stops, reloads, gaps"}, "building-what": {"索引を記録から作っています。終わるとページが開きます。", "The index is being made from the record. The page opens when it is done."},
	"acts": {"操作", "Acts"}, "acts-lead": {"担当者がコンソールで行った操作。監査記録そのものから読んでいます。", "What officers did on the console, from the audit log itself."}, "act": {"操作", "Act"}, "who": {"誰が", "Who"}, "details": {"内容", "Details"},
	"had-left": {"判定前に出た量", "Had left before"}, "had-left-what": {"最大でこれだけ。検査しながら送っていたもので、宛先への送信は途中で切断しました。", "At most. It was sent on while it was inspected, and broken off at its destination."},
	"ready": {"検査と記録ができています。", "Uploads are inspected and recorded."}, "not-ready": {"準備ができていません。送信は止まっているかもしれません。", "Not ready. Uploads may be stopped."}, "checks": {"点検", "Checks"}, "check": {"項目", "Check"}, "good": {"正常", "ok"}, "bad": {"異常", "failed"},
	"rules-state": {"ルールの読み込み", "Rules"}, "loaded": {"読み込み", "Loaded"}, "last-fault": {"最後の誤り", "Last fault"}, "figures": {"数字", "Figures"}, "figure": {"項目", "Figure"}, "value": {"値", "Value"}, "figures-lead": {"起動してからの値。すべて:", "Since the start. All of them:"},
	"figure.uptime": {"稼働時間", "Running for"}, "figure.connections": {"接続", "Connections"}, "figure.held": {"保持中の本文", "Bodies held"}, "figure.held-memory": {"うちメモリー", "of it in memory"}, "figure.held-disk": {"うちディスク", "of it on disk"}, "figure.added-50": {"検査の待ち時間 (中央値)", "Added time, median"}, "figure.added-99": {"検査の待ち時間 (99%)", "Added time, 99th percentile"}, "figure.append-99": {"記録の待ち時間 (99%)", "Audit append, 99th percentile"}, "figure.append-failures": {"書けなかった記録", "Audit failures"}, "figure.verdicts": {"判定", "Verdicts"}, "figure.panics": {"プログラムの異常", "Faults of the program"}, "figure.memory": {"メモリー", "Memory"}, "figure.goroutines": {"goroutine", "Goroutines"}, "figure.inspected": {"検査した量", "Inspected"},

	"accounts-lead": {"役割の付与とパスワードの再設定には運用者2人が必要です。本人は確認できません。アカウントは消えず、無効になります。", "Giving roles and resetting a password take two operators, neither of them the person concerned. Accounts are disabled, never deleted."},
	"link-title":    {"1回だけ使えるリンク", "One-time link"}, "link-lead": {"本人にだけ渡してください。72時間有効で、二度と表示されません。", "Give it to the person and nobody else. It works for 72 hours and is not shown again."},
	"waiting": {"確認を待つもの", "Waiting for a second person"}, "wish.roles": {"役割を次のとおりにする:", "shall have the roles"}, "wish.reset": {"パスワードとワンタイムコードを消して新しいリンクを出す", "password and one-time codes shall be reset, with a new link"}, "wish.enable": {"また使えるようにする", "shall be enabled again"}, "asked-by": {"%s が依頼", "asked by %s"},
	"confirm": {"確認する", "Confirm"}, "discard": {"取り消す", "Discard"}, "disabled": {"無効", "disabled"}, "two-step": {"2段階認証", "Two-step log-in"}, "last-login": {"最後のログイン", "last log-in"}, "not-oneself": {"自分の役割は変えられません。", "You cannot change your own roles."},
	"ask-roles": {"この役割を依頼する", "Ask for these roles"}, "ask-reset": {"再設定を依頼する", "Ask for a reset"}, "ask-enable": {"再開を依頼する", "Ask to enable"}, "disable": {"今すぐ無効にする", "Disable now"}, "invite": {"人を加える", "Add a person"}, "invite-do": {"リンクを作る", "Make a link"}, "invite-lead": {"役割なしで始まります。役割は別途、2人で付与します。", "The account begins without a role; roles are then given by two people."},
	"asked-done": {"依頼しました。別の運用者の確認を待ちます。", "Asked. Another operator has to confirm."}, "confirmed-done": {"確認しました。", "Confirmed."}, "discarded-done": {"取り消しました。", "Discarded."}, "disabled-done": {"無効にし、ログアウトさせました。", "Disabled and logged out."}, "not-possible": {"できません: %s", "Not possible: %s"},
	"me-title": {"自分のアカウント", "Your account"}, "two-step-on": {"有効です。ログインのたびにコードを求めます。", "On: a code is asked for at every log-in."}, "two-step-off": {"まだ有効ではありません。", "Not on yet."}, "two-step-lead": {"認証アプリでQRコードを読むか鍵を入力し、表示されたコードで確かめます。", "Scan the code with an authenticator app, or type the key, and confirm with the code it shows."}, "two-step-do": {"有効にする", "Switch on"}, "two-step-done": {"2段階認証を有効にしました。", "Two-step log-in is on."}, "two-step-wrong": {"パスワードかコードが違います。", "The password or the code is wrong."},
	"password-done": {"パスワードを変えました。ほかのセッションは終わりました。", "Password changed. Your other sessions have ended."}, "session": {"このセッション", "This session"}, "began": {"開始", "Began"}, "session-lead": {"操作がなければ30分、最長12時間で終わります。", "Ends after 30 minutes without use, 12 hours at most."},
}

// terms are words of the record, by kind.
var terms = map[string]pair{
	"action ": {"不明 (停止)", "unknown (kept in)"}, "action allow": {"通過", "allowed"}, "action log": {"記録", "logged"}, "action warn": {"警告", "warned"}, "action hold": {"保留", "held"}, "action block": {"遮断", "blocked"}, "action kept": {"止めたもの", "kept in"}, "action invalid": {"不明", "unknown"},
	"severity low": {"低", "low"}, "severity medium": {"中", "medium"}, "severity high": {"高", "high"}, "severity critical": {"重大", "critical"}, "severity info": {"情報", "info"},
	"state new": {"未対応", "not looked at"}, "state open": {"対応中", "in hand"}, "state waiting": {"回答待ち", "waiting"}, "state closed": {"完了", "closed"}, "state false-alarm": {"誤検知", "false alarm"},
	"change proposed": {"承認待ち", "proposed"}, "change applied": {"適用済み", "applied"}, "change refused": {"却下", "refused"}, "change withdrawn": {"取り下げ", "withdrawn"},

	"reason encrypted": {"暗号化", "encrypted"}, "reason too-large": {"大きすぎる", "too large"}, "reason too-deep": {"入れ子が深すぎる", "nested too deep"}, "reason too-many-parts": {"部分が多すぎる", "too many parts"}, "reason bomb": {"展開すると異常に大きい", "bomb"}, "reason truncated": {"途中で切れている", "truncated"}, "reason timed-out": {"時間切れ", "timed out"}, "reason unknown-format": {"未知の形式", "unknown format"}, "reason decode-error": {"壊れている", "broken"}, "reason read-error": {"読めない", "unreadable"}, "reason engine-error": {"検査の異常", "inspection failed"},
	"class web-mail": {"ウェブメール", "Web mail"}, "class cloud-storage": {"クラウド保管", "Cloud storage"}, "class file-transfer": {"ファイル転送", "File transfer"}, "class paste": {"貼り付けサイト", "Paste site"}, "class social": {"SNS", "Social"}, "class ai-assistant": {"AIアシスタント", "AI assistant"}, "class translation": {"翻訳", "Translation"}, "class code-hosting": {"コード共有", "Code hosting"}, "class chat": {"チャット", "Chat"}, "class video-meeting": {"会議", "Video meeting"}, "class crm": {"CRM", "CRM"}, "class groupware": {"グループウェア", "Groupware"}, "class dev-registry": {"開発用パッケージ", "Package registry"}, "class forms": {"フォーム", "Forms"}, "class search": {"検索", "Search"}, "class update": {"更新", "Updates"}, "class internal": {"社内", "Internal"}, "class unknown": {"未分類", "Unknown"},
	"key people": {"個人の数", "Persons"}, "key findings": {"データの件数", "Findings"}, "key keywords": {"語", "Keywords"}, "key not_inspected": {"検査できない部分", "Not inspected"}, "key file_names": {"ファイル名", "File names"}, "key bytes": {"大きさ", "Bytes"}, "key class": {"宛先の分類", "Kind of destination"}, "key not_class": {"除く分類", "Kinds left out"}, "key hosts": {"宛先ホスト", "Hosts"}, "key not_hosts": {"除くホスト", "Hosts left out"}, "key services": {"サービス", "Services"}, "key methods": {"方法", "Methods"}, "key paths": {"パス", "Paths"}, "key ports": {"ポート", "Ports"},
	"key users": {"利用者", "Users"}, "key not_users": {"除く利用者", "Users left out"}, "key groups": {"グループ", "Groups"}, "key not_groups": {"除くグループ", "Groups left out"}, "key networks": {"ネットワーク", "Networks"}, "key not_networks": {"除くネットワーク", "Networks left out"}, "key who": {"送信者", "Sender"}, "key when": {"時間帯", "When"}, "key from": {"開始", "From"}, "key until": {"終了", "Until"},
	"said no rule applies": {"どのルールにも当たらない", "no rule applies"}, "said it applies to every upload": {"すべての送信に当たる", "it applies to every upload"}, "said the sender confirmed the warning": {"送信者が警告を確認した", "the sender confirmed the warning"}, "said the upload was not inspected": {"検査されていない", "the upload was not inspected"},
	"kind start": {"起動", "Start"}, "kind stop": {"停止", "Stop"}, "kind reload": {"ルールの読み込み", "Rules loaded"}, "kind gap": {"記録の欠け", "Gap"}, "kind confirm": {"警告の確認", "Warning confirmed"}, "kind tunnel": {"中継", "Tunnel"}, "kind bypass": {"検査なしの中継", "Relayed uninspected"}, "kind expire": {"期限切れの削除", "Expired"}, "kind alarm": {"警報", "Alarm"}, "kind mode": {"運転モード", "Mode"}, "kind ca": {"認証局", "CA"}, "kind release": {"持ち出し申請", "Release"}, "kind rules": {"ルールの変更", "Rules changed"}, "kind config": {"設定の変更", "Configuration changed"}, "kind read": {"記録の閲覧", "Record read"},
	"release waiting": {"承認待ち", "waiting"}, "release approved": {"承認済み", "approved"}, "release denied": {"却下", "denied"}, "release withdrawn": {"取り下げ", "withdrawn"}, "release expired": {"期限切れ", "expired"}, "detail after": {"変更後", "after"}, "detail release": {"申請", "release"}, "detail asked_by": {"申請者", "asked by"}, "detail was": {"それまでの状態", "was"}, "detail ended": {"期限", "ended"},
	"detail person": {"利用者", "person"}, "detail people": {"利用者", "people"}, "detail record": {"記録", "record"}, "detail action": {"処置", "action"}, "detail user": {"利用者", "person"}, "detail host": {"宛先", "destination"}, "detail rule": {"ルール", "rule"}, "detail type": {"種類", "type"}, "detail state": {"状態", "state"}, "detail from": {"開始日", "from"}, "detail to": {"終了日", "until"}, "detail incident": {"管理番号", "number"}, "detail quiet": {"すべて", "all"}, "detail gaps": {"未検査", "gaps"}, "detail account": {"アカウント", "account"}, "detail roles": {"役割", "roles"}, "detail wish": {"依頼", "asked"}, "detail by": {"依頼・提案者", "by"}, "detail change": {"変更", "change"}, "detail file": {"ファイル", "file"}, "detail digest": {"照合値", "digest"}, "detail verdict": {"判定", "verdict"}, "detail two-step": {"2段階", "two-step"},

	"check rules": {"ルール", "Rules"}, "check audit": {"監査記録", "Audit log"}, "check ca": {"認証局", "Certificate authority"}, "check accounts": {"利用者", "Users"}, "check hold": {"本文の保持", "Bodies held"}, "check inspection": {"検査", "Inspection"}, "check console": {"コンソール", "Console"},
	"failure hold-full": {"保持する場所がないため停止", "kept in: no room to hold it"}, "failure too-large": {"大きすぎるため停止", "kept in: too large"}, "failure stalled": {"送信が止まった", "the client stopped sending"}, "failure malformed": {"要求の形が不正", "malformed request"}, "failure aborted": {"送信が途中で終わった", "the client went away"}, "failure busy": {"混雑のため停止", "kept in: too busy"}, "failure engine": {"検査の異常のため停止", "kept in: inspection failed"}, "failure unrecorded": {"記録できないため停止", "kept in: it could not be recorded"}, "failure no-rules": {"有効なルールがないため停止", "kept in: no rules in force"},
}
