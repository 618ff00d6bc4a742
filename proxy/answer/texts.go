package answer

import "net/http"

type said struct{ title, what, do string }

type text struct {
	status int
	say    map[Lang]said
}

func t(status int, ja, en said) text {
	return text{status, map[Lang]said{Japanese: ja, English: en}}
}

// What to do, where it is the same for several kinds.
const (
	askJa   = "業務上必要な場合は、管理番号を添えて社内の情報システム・セキュリティの窓口にご連絡ください。"
	askEn   = "If you need to send this for your work, give the incident number to your IT or security desk."
	laterJa = "しばらく待ってから、もう一度お試しください。続く場合は、管理番号を添えて社内の窓口にご連絡ください。"
	laterEn = "Wait a moment and try again. If it goes on, give the incident number to your IT or security desk."
)

// texts are all answers. What a person reads first says what happened to their
// upload; nothing here blames them, and nothing tells how the gate is built.
var texts = map[Kind]text{
	Blocked: t(http.StatusForbidden,
		said{"送信を止めました", "このデータは送信されていません。社外に出せない情報が含まれているか、内容を確認できないためです。", askJa},
		said{"This was not sent", "The data stayed inside: it holds information that must not leave the company, or it could not be checked.", askEn}),
	Warned: t(http.StatusForbidden,
		said{"送信前に確認してください", "このデータはまだ送信されていません。個人情報などが含まれている可能性があります。", "心当たりがなければ、送信せずに内容を見直してください。"},
		said{"Please check before you send", "The data has not been sent yet. It may hold personal information.", "If you did not expect this, do not send; look at the content again."}),
	HeldBack: t(http.StatusForbidden,
		said{"承認が必要なため送信を保留しました", "このデータは送信されていません。持ち出しには担当者の承認が必要です。", askJa},
		said{"This needs a release", "The data was not sent. It may leave only after someone responsible has released it.", askEn}),
	Confirmed: t(http.StatusOK,
		said{"確認を記録しました", "同じ内容を同じ宛先に送信できるようになりました。", "前の画面に戻り、もう一度送信してください。この確認は一定時間で無効になります。"},
		said{"Your confirmation is recorded", "The same content may now be sent to the same site.", "Go back and send it again. The confirmation ends after a while."}),
	NotConfirm: t(http.StatusForbidden,
		said{"確認を受け付けられませんでした", "確認の有効期限が切れたか、別の利用者または別の宛先のものです。", "前の画面に戻って送信し直し、新しい確認画面から進めてください。"},
		said{"The confirmation was not accepted", "It has expired, or it belongs to another user or another site.", "Go back, send again, and use the new page that appears."}),
	NoReason: t(http.StatusBadRequest,
		said{"理由を入力してください", "確認には理由の入力が必要です。", "前の画面に戻り、理由を入力してください。"},
		said{"A reason is needed", "A confirmation needs a reason.", "Go back and write one."}),

	ReleaseAsked: t(http.StatusAccepted,
		said{"承認を依頼しました", "承認者が内容の種類と件数、理由を確認します。データはまだ送信されていません。", "承認されたら、同じ内容を同じ宛先にもう一度送信してください。送信し直すと、依頼の状況も確認できます。"},
		said{"Your request was made", "An approver will look at the kinds of data, their number and your reason. The data has not been sent.", "Once it is approved, send the same content to the same site again. Sending again also shows how your request stands."}),
	Withdrawn: t(http.StatusOK,
		said{"依頼を取り下げました", "承認の依頼は取り下げられ、データは送信されていません。", "必要になったら、もう一度送信して依頼してください。"},
		said{"The request was taken back", "Your request for a release is withdrawn. The data has not been sent.", "Should you need it again, send again and ask."}),
	NoRelease: t(http.StatusForbidden,
		said{"承認を依頼できません", "ここでは持ち出しの承認を受け付けていないか、承認待ちの依頼が多すぎます。", askJa},
		said{"No request can be made", "Releases are not given here, or too many requests are waiting.", askEn}),

	"too-large": t(http.StatusRequestEntityTooLarge,
		said{"大きすぎるため送信を止めました", "検査できる大きさを超えているため、このデータは送信されていません。", askJa},
		said{"Too large to send", "The data is larger than can be checked and was not sent.", askEn}),
	"hold-full": t(http.StatusServiceUnavailable,
		said{"混み合っているため送信できませんでした", "検査の順番待ちの場所がいっぱいのため、このデータは送信されていません。", laterJa},
		said{"Not sent: no room right now", "There is no room left to check uploads, so the data was not sent.", laterEn}),
	"busy": t(http.StatusServiceUnavailable,
		said{"混み合っているため送信できませんでした", "検査が混み合っているため、このデータは送信されていません。", laterJa},
		said{"Not sent: too busy right now", "Too many uploads are being checked, so the data was not sent.", laterEn}),
	"engine": t(http.StatusServiceUnavailable,
		said{"検査できなかったため送信を止めました", "内容の検査に失敗したため、このデータは送信されていません。", laterJa},
		said{"Not sent: the check failed", "The content could not be checked, so the data was not sent.", laterEn}),
	"unrecorded": t(http.StatusServiceUnavailable,
		said{"記録できないため送信を止めました", "送信の記録を残せないため、このデータは送信されていません。", laterJa},
		said{"Not sent: it could not be recorded", "A record of the transfer could not be written, so the data was not sent.", laterEn}),
	"no-rules": t(http.StatusServiceUnavailable,
		said{"準備中のため送信を止めました", "検査の準備ができていないため、このデータは送信されていません。", laterJa},
		said{"Not sent: the gate is not ready", "The gate is not ready to check uploads, so the data was not sent.", laterEn}),
	"stalled": t(http.StatusRequestTimeout,
		said{"送信が途中で止まりました", "データが途中から届かなかったため、送信を打ち切りました。何も送信されていません。", "通信環境を確認して、もう一度お試しください。"},
		said{"The upload stopped halfway", "The rest of the data did not arrive in time. Nothing was sent.", "Check your connection and try again."}),
	"malformed": t(http.StatusBadRequest,
		said{"送信の形式が正しくありません", "HTTPの形式に誤りがあるため、何も送信されていません。", "お使いのソフトウェアを更新してもう一度お試しください。"},
		said{"Malformed request", "The request breaks the rules of HTTP. Nothing was sent.", "Update the software you use and try again."}),

	BadRequest: t(http.StatusBadRequest,
		said{"要求の形式が正しくありません", "この要求は中継できません。", ""},
		said{"Bad request", "This request cannot be relayed.", ""}),
	NotProxy: t(http.StatusBadRequest,
		said{"ここはプロキシです", "このアドレスはWebサイトではなく、プロキシ（Sekimori）です。", "ブラウザーやOSのプロキシ設定にこのアドレスを指定してください。動作の確認は http://try.sekimori.test/ で行えます。"},
		said{"This is a proxy", "This address is not a web site but a proxy (Sekimori).", "Enter it in the proxy settings of your browser or system. Then open http://try.sekimori.test/ to see whether it works."}),
	NoIdentity: t(http.StatusProxyAuthRequired,
		said{"プロキシの認証が必要です", "利用者名とパスワードを確認できませんでした。", "社内の利用者名とパスワードを入力してください。"},
		said{"Sign in to the proxy", "The proxy does not know who you are.", "Enter your user name and password."}),
	TooMany: t(http.StatusTooManyRequests,
		said{"回数が多すぎます", "認証の失敗または接続が多すぎるため、受け付けを一時的に止めています。", "しばらく待ってから、もう一度お試しください。"},
		said{"Too many attempts", "There were too many failed sign-ins or connections.", "Wait a moment and try again."}),
	Misdirected: t(http.StatusMisdirectedRequest,
		said{"接続先が一致しません", "接続を求めた先と、実際に要求した先が異なるため中継しません。", ""},
		said{"The destinations differ", "The site asked for is not the one this connection was opened to, so the request is not relayed.", ""}),
	NoMethod: t(http.StatusMethodNotAllowed,
		said{"使えない要求です", "この要求はここでは中継できません。", ""},
		said{"Method not allowed", "This kind of request cannot be relayed here.", ""}),
	Loop: t(http.StatusLoopDetected,
		said{"プロキシが循環しています", "要求が同じプロキシに戻ってきました。", "ネットワークの管理者にご連絡ください。"},
		said{"Proxy loop", "The request came back to the proxy it went through.", "Tell your network administrator."}),
	Barred: t(http.StatusForbidden,
		said{"このサイトには接続できません", "このサイトへの接続は許可されていません。何も送信されていません。", askJa},
		said{"This site is not allowed", "Connections to this site are not allowed here. Nothing was sent.", askEn}),
	NotTLS: t(http.StatusForbidden,
		said{"内容を検査できない通信です", "この通信は検査できない形式のため中継しません。", askJa},
		said{"This protocol is not relayed", "What is spoken on this connection cannot be checked.", askEn}),

	"origin-unknown": t(http.StatusBadGateway,
		said{"サイトが見つかりません", "この名前のサイトはありません。", "アドレスに誤りがないか確認してください。"},
		said{"Site not found", "There is no site of this name.", "Check the address."}),
	"origin-refused": t(http.StatusBadGateway,
		said{"サイトに接続できません", "サイトが接続を受け付けませんでした。", "時間をおいて、もう一度お試しください。"},
		said{"The site cannot be reached", "It did not accept the connection.", "Try again later."}),
	"origin-timeout": t(http.StatusGatewayTimeout,
		said{"サイトから応答がありません", "時間内に応答がありませんでした。送信した場合、届いたかどうかは分かりません。", "時間をおいて、もう一度お試しください。"},
		said{"The site does not answer", "There was no answer in time. If you sent something, it is not known whether it arrived.", "Try again later."}),
	"origin-broken": t(http.StatusBadGateway,
		said{"サイトとの通信が途切れました", "応答の途中で通信が途切れました。送信した場合、届いたかどうかは分かりません。", "もう一度お試しください。"},
		said{"The connection to the site broke", "It ended before the answer. If you sent something, it is not known whether it arrived.", "Try again."}),
	"origin-certificate": t(http.StatusBadGateway,
		said{"サイトの証明書を確認できません", "サイトの証明書が信頼できないか、期限切れか、名前が一致しません。何も送信されていません。", "サイトの管理者にご連絡ください。社内のサイトの場合は、プロキシの管理者にご連絡ください。"},
		said{"The site's certificate cannot be trusted", "It is from an unknown issuer, out of date, or for another name. Nothing was sent.", "Tell whoever runs the site; for an internal site, whoever runs the proxy."}),
	"origin-tls": t(http.StatusBadGateway,
		said{"安全な接続ができません", "サイトとの間で暗号化された接続を確立できませんでした。何も送信されていません。", "サイトの管理者にご連絡ください。"},
		said{"No secure connection", "An encrypted connection to the site could not be made. Nothing was sent.", "Tell whoever runs the site."}),
	"origin-inner": t(http.StatusForbidden,
		said{"社内のアドレスには中継しません", "この名前は社内または特別な用途のアドレスを指しています。", "社内のサイトはプロキシを通さずに開いてください。"},
		said{"Inner addresses are not relayed", "This name leads to an address inside the network or of special use.", "Open internal sites without the proxy."}),
}

// labels are the words around the text.
type labels struct {
	Why, Found, To, Now, Contact, Incident, IncidentHint, Footer         string
	Confirm, ConfirmWhat, ConfirmButton, ConfirmHow, Reason, ReasonLabel string
	Ask, AskWhat, AskButton, AskHow, Request                             string
	Withdraw, WithdrawWhat, WithdrawButton, WithdrawHow                  string
}

var labelsIn = map[Lang]labels{
	Japanese: {
		Why: "理由", Found: "見つかったもの", To: "送信先", Now: "次にすること", Contact: "問い合わせ先",
		Incident: "管理番号", IncidentHint: "番号を選択してコピーできます。見つかった値そのものは、この画面にも記録にも表示されません。",
		Footer:  "情報の持ち出しを確認する関所です。",
		Confirm: "このまま送信する場合", ConfirmWhat: "業務上必要な送信であれば、理由を記入して確認してください。確認は記録されます。その後、前の画面からもう一度送信してください。",
		ConfirmButton: "確認する", ConfirmHow: "業務上必要な送信であれば、次のヘッダーを付けて送り直してください（記録されます）:",
		Reason: "理由", ReasonLabel: "送信する理由（必須）",
		Ask: "持ち出しの承認を依頼する", AskWhat: "業務上必要な送信であれば、理由を記入して承認を依頼してください。依頼と承認は記録されます。承認されたら、前の画面からもう一度送信してください。",
		AskButton: "承認を依頼する", AskHow: "承認を依頼するには、次のヘッダーを付けて送り直してください（記録されます）:", Request: "承認の依頼",
		Withdraw: "依頼を取り下げる", WithdrawWhat: "送信が不要になったら、依頼を取り下げてください。取り下げは記録されます。",
		WithdrawButton: "取り下げる", WithdrawHow: "依頼を取り下げるには、次のヘッダーを付けて送り直してください（記録されます）:",
	},
	English: {
		Why: "Why", Found: "What was found", To: "To", Now: "What to do now", Contact: "Contact",
		Incident: "Incident number", IncidentHint: "Select the number to copy it. The values found are shown neither here nor in any record.",
		Footer:  "a gate that checks what leaves the company",
		Confirm: "To send it all the same", ConfirmWhat: "If your work needs this, write why and confirm. The confirmation is recorded. Then go back and send again.",
		ConfirmButton: "Confirm", ConfirmHow: "If your work needs this, send again with this header (it is recorded):",
		Reason: "reason", ReasonLabel: "Why it has to be sent (required)",
		Ask: "Ask for a release", AskWhat: "If your work needs this, write why and ask for a release. Your request and what becomes of it are recorded. Once it is approved, go back and send again.",
		AskButton: "Ask for a release", AskHow: "To ask for a release, send again with this header (it is recorded):", Request: "Request",
		Withdraw: "Take the request back", WithdrawWhat: "If it need not be sent any more, take the request back. That is recorded.",
		WithdrawButton: "Take it back", WithdrawHow: "To take the request back, send again with this header (it is recorded):",
	},
}

// stateWords say how a request for a release stands.
var stateWords = map[string]map[Lang]string{
	"waiting":   {Japanese: "承認待ち（{needs}人中{agreed}人が承認、期限 {ends}）", English: "waiting ({agreed} of {needs} agreed, until {ends})"},
	"approved":  {Japanese: "承認済み（{ends}まで有効）", English: "approved (until {ends})"},
	"denied":    {Japanese: "承認されませんでした", English: "not approved"},
	"withdrawn": {Japanese: "取り下げ済み", English: "withdrawn"},
	"expired":   {Japanese: "期限切れ", English: "expired"},
}

func typeName(typ string, l Lang) string {
	if n, ok := typeNames[typ]; ok {
		return n[l]
	}
	return typ // an author's own
}

var typeNames = map[string]map[Lang]string{
	"NAME":             {Japanese: "氏名", English: "Names"},
	"ADDRESS":          {Japanese: "住所", English: "Addresses"},
	"POSTAL_CODE":      {Japanese: "郵便番号", English: "Postal codes"},
	"PHONE":            {Japanese: "電話番号", English: "Telephone numbers"},
	"CARD":             {Japanese: "クレジットカード番号", English: "Payment card numbers"},
	"TEST_CARD":        {Japanese: "テスト用カード番号", English: "Test card numbers"},
	"EMAIL":            {Japanese: "メールアドレス", English: "E-mail addresses"},
	"BIRTHDATE":        {Japanese: "生年月日", English: "Dates of birth"},
	"MYNUMBER":         {Japanese: "マイナンバー", English: "My Numbers"},
	"DRIVER_LICENCE":   {Japanese: "運転免許証番号", English: "Driver's licence numbers"},
	"PASSPORT":         {Japanese: "旅券番号", English: "Passport numbers"},
	"RESIDENCE_CARD":   {Japanese: "在留カード番号", English: "Residence card numbers"},
	"PENSION_NUMBER":   {Japanese: "基礎年金番号", English: "Pension numbers"},
	"HEALTH_INSURANCE": {Japanese: "健康保険の記号・番号", English: "Health insurance numbers"},
	"BANK_ACCOUNT":     {Japanese: "銀行口座", English: "Bank accounts"},
	"VEHICLE_PLATE":    {Japanese: "自動車登録番号", English: "Vehicle plates"},
	"CIRCUIT_ID":       {Japanese: "回線・お客さまID", English: "Circuit and customer IDs"},
	"US_SSN":           {Japanese: "米国社会保障番号", English: "US social security numbers"},
	"IBAN":             {Japanese: "国際銀行口座番号 (IBAN)", English: "IBANs"},
	"CORPORATE_NUMBER": {Japanese: "法人番号", English: "Corporate numbers"},
	"SERVICE_PHONE":    {Japanese: "フリーダイヤルなどの番号", English: "Service telephone numbers"},
}

func reasonName(reason string, l Lang) string {
	if n, ok := reasonNames[reason]; ok {
		return n[l]
	}
	return reason
}

var reasonNames = map[string]map[Lang]string{
	"encrypted":      {Japanese: "暗号化またはパスワード付きで、中を確認できない部分", English: "A part is encrypted or has a password and cannot be read"},
	"too-large":      {Japanese: "大きすぎて確認できない部分", English: "A part is too large to be checked"},
	"too-deep":       {Japanese: "入れ子が深すぎて確認できない部分", English: "A part is nested too deeply to be checked"},
	"too-many-parts": {Japanese: "ファイルの数が多すぎて確認できない部分", English: "There are too many files in it to check them all"},
	"bomb":           {Japanese: "展開すると異常に大きくなる部分", English: "A part grows abnormally when unpacked"},
	"truncated":      {Japanese: "途中で切れているファイル", English: "A file ends before its format says so"},
	"timed-out":      {Japanese: "時間内に確認できなかった部分", English: "A part could not be checked in time"},
	"unknown-format": {Japanese: "形式が分からず確認できない部分", English: "A part is of a format that cannot be read"},
	"decode-error":   {Japanese: "壊れているため確認できない部分", English: "A part is damaged and cannot be read"},
	"read-error":     {Japanese: "読み取れなかった部分", English: "A part could not be read"},
	"engine-error":   {Japanese: "検査に失敗した部分", English: "A part could not be checked"},
}
