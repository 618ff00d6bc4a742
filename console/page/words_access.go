package page

import "maps"

func init() {
	maps.Copy(dictionary, accessWords)
	maps.Copy(terms, accessTerms)
}

// accessWords are those of decisions by link, and of log-ins by other means
// than a password.
var accessWords = map[string]pair{
	"decide-title": {"リンクによる決裁", "Decision by link"}, "decide-over": {"このリンクは無効か、期限が過ぎています。コンソールにログインして決裁してください。", "This link is not valid, or its time is over. Log in to the console to decide."},
	"decide-used":   {"この申請はすでに決裁済みか取り下げ済みか、あなたの判断が記録済みです。リンクはもう使えません。", "This request is decided or withdrawn, or your decision is recorded already. The link is used up."},
	"decide-others": {"このリンクは別の人に送られたものです。ログアウトしてから開くか、ご自分のリンクを使ってください。", "This link was sent to somebody else. Use your own."},
	"decide-done":   {"記録しました", "Recorded"},
	"sso-title":     {"会社のディレクトリでログイン", "Log in by the company's directory"}, "sso-do": {"会社のアカウントでログイン", "Log in with the company's account"},
	"sso-onward": {"ログイン画面へ移動します。", "Going to the log-in page."}, "onward": {"進む", "Go on"},
	"sso-in":   {"%s さんとしてログインしました。", "Logged in as %s."},
	"sso-away": {"ログイン先に接続できません。しばらくしてから、またはパスワードでログインしてください。", "The directory cannot be reached. Try again later, or log in with a password."},
	"sso-old":  {"ログインの途中の情報がないか、期限が過ぎています。もう一度やり直してください。", "This log-in is not known here, or its time is over. Begin again."}, "sso-refused": {"ログインできませんでした。", "The log-in was refused."},
	"sso-no-role": {"あなたの所属グループには、この画面の役割が割り当てられていません。運用担当に確認してください。", "None of your groups has a role here. Ask an operator."},
	"sso-apart":   {"ルール作成者と監査者の両方のグループに属しているため、ログインできません。どちらかから外れてください。", "You are in the groups of both rule authors and auditors. One person cannot be both."},
	"sso-name":    {"同じ名前の別のアカウントがあります。運用担当に確認してください。", "There is another account of your name. Ask an operator."},
	"sso-me":      {"パスワード・2段階認証・役割は、会社のディレクトリで管理されています。", "The company's directory keeps your password, two-step log-in and roles."},
	"passkeys":    {"パスキー", "Passkeys"}, "passkey-use": {"パスキーでログイン", "Log in with a passkey"}, "passkey-do": {"パスキーを登録する", "Add a passkey"}, "passkey-remove": {"削除する", "Remove"},
	"passkey-lead":   {"端末の指紋・顔認証やセキュリティキーでログインします。登録すると、パスワードだけではログインできなくなります。", "Log in by your device's fingerprint or face, or a security key. Once you have one, a password alone does not log in."},
	"passkey-device": {"端末の呼び名", "What you call the device"}, "passkey-some": {"(名前なし)", "(no name)"}, "passkey-added": {"登録", "added"}, "passkey-last": {"最後の使用", "last used"},
	"passkey-not":    {"パスキーは、コンソールを名前のあるHTTPSのアドレスで開いたときに使えます。", "Passkeys work where the console is open at an HTTPS address with a name."},
	"passkey-failed": {"パスキーを使えませんでした。", "The passkey could not be used."}, "passkey-refused": {"そのパスキーではログインできません。", "That passkey does not log in."}, "passkey-wrong": {"パスキーを登録できませんでした。", "The passkey could not be taken."},
	"passkey-done": {"パスキーを登録しました。ほかの端末のログインは終わりました。", "The passkey is added. Other sessions have ended."}, "passkey-gone": {"パスキーを削除しました。", "The passkey is removed."},
	"login-passkey": {"このアカウントはパスキーでログインしてください。", "This account logs in with its passkey."},
	"somebody-at":   {"匿名 (%s)", "somebody at %s"}, "words-of": {"語句「%s」", "words “%s”"},
	"decide-as": {"%s として決裁します。", "You decide as %s."}, "decide-until": {"リンクの期限", "the link ends"},
}

var accessTerms = map[string]pair{

	"detail directory": {"ディレクトリ", "directory"}, "detail before": {"変更前", "before"}, "detail device": {"端末", "device"}, "detail passkey": {"パスキー", "passkey"}, "detail why": {"理由", "why"},
	"detail decision": {"判断", "decision"}, "detail link_until": {"リンクの期限", "link until"}, "detail way": {"方法", "by way of"},
}
