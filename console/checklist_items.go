package console

import (
	"strings"
	"time"

	"github.com/sekimori-dlp/sekimori/console/account"
	"github.com/sekimori-dlp/sekimori/rules"
)

// to judges destinations of a class by the rules about them.
func to(class string) func(*facts) (verdict, text) {
	return func(f *facts) (verdict, text) {
		n := f.stops(class, rules.Warn)
		switch {
		case n == 0:
			return cannot, text{"この宛先に働くルールがありません。", "No rule is about such destinations."}
		case f.Mode != "" && f.Mode != "enforce":
			return partly, textf(text{"%d のルールがありますが、運転モードは %s です。", "%d rules are about them, but the mode is %s."}, n, f.Mode)
		case f.Bypass > 0:
			return partly, textf(text{"%d のルールが働いています。検査しない宛先が %d あります。", "%d rules are about them; %d entries are not opened for inspection."}, n, f.Bypass)
		}
		return does, textf(text{"%d のルールが働いています。", "%d rules are about them."}, n)
	}
}

// never is judged by what the program is: it does not reach there.
func never(ja, en string) func(*facts) (verdict, text) {
	return func(*facts) (verdict, text) { return cannot, text{ja, en} }
}

// always is judged by what the program is.
func always(ja, en string) func(*facts) (verdict, text) {
	return func(*facts) (verdict, text) { return does, text{ja, en} }
}

// day formats a day, or says that it has not come yet.
func day(t time.Time) text {
	if t.IsZero() {
		return text{"まだありません", "not yet"}
	}
	s := t.Format(time.DateOnly)
	return text{s, s}
}

// items are what the published inspection after the leak of customer data from
// NTT West's group looks for, as far as it is generally known and could
// concern a gatekeeper, in our own words. Measures outside a network are among
// them so that nobody takes this list for the whole.
var items = []item{
	{"mail", text{"社外宛てのメールで個人情報が送られるのを検知し、止められるか。", "Personal data in mail to outsiders is noticed and can be stopped."}, func(f *facts) (verdict, text) {
		v, why := to("web-mail")(f)
		if !f.Mail && v == does {
			return partly, text{"ウェブメールは検査しています。SMTPのメールは [smtp] を設けるまで検査しません。", "Web mail is inspected. Mail by SMTP is not until [smtp] is set up."}
		}
		return v, why
	}, "/console/rules"},
	{"mail", text{"私用のウェブメールへの持ち出しを制限しているか。", "Private web mail cannot be used to take data out."}, to("web-mail"), "/console/rules"},
	{"mail", text{"送信の前に内容を確かめさせているか。", "Senders are made to look again before it leaves."}, func(f *facts) (verdict, text) {
		n := 0
		for _, r := range f.rules {
			if !r.Shadow && r.Action == rules.Warn {
				n++
			}
		}
		if n == 0 {
			return partly, text{"止めるルールはありますが、警告して理由を書かせるルールがありません。", "Rules stop uploads, but none warns and asks for a reason."}
		}
		return does, textf(text{"%d のルールが警告し、理由を記録します。", "%d rules warn and record a reason."}, n)
	}, "/console/rules"},
	{"mail", text{"暗号化などで中身を確かめられない添付を見過ごさないか。", "Attachments that cannot be read, such as encrypted ones, are not passed over."}, func(f *facts) (verdict, text) {
		for _, r := range f.rules {
			for _, need := range r.Needs {
				if !r.Shadow && r.Action >= rules.Warn && strings.HasPrefix(strings.TrimPrefix(need, "or "), "not_inspected") {
					return does, textf(text{"検査できないものはルール %s などで扱います。", "What cannot be inspected is dealt with by %s and others."}, r.ID)
				}
			}
		}
		return partly, text{"検査できないものは記録されますが、止めるルールがありません。", "What cannot be inspected is recorded, but no rule stops it."}
	}, "/console/types"},
	{"cloud", text{"許可していないクラウド保管への送信を止めているか。", "Uploads to cloud storage that was not agreed on are stopped."}, to("cloud-storage"), "/console/destinations"},
	{"cloud", text{"ファイル転送サービスへの送信を止めているか。", "Uploads to file transfer services are stopped."}, to("file-transfer"), "/console/destinations"},
	{"cloud", text{"生成AIや翻訳への貼り付けを見ているか。", "What is pasted into AI assistants and translators is looked at."}, to("ai-assistant"), "/console/destinations"},
	{"cloud", text{"知らないサービスへの送信を管理しているか。", "Services that nobody knows are under control, too."}, func(f *facts) (verdict, text) {
		if f.Only {
			return does, text{"届いてよい宛先を限っています (sites.only)。", "What may be reached at all is limited (sites.only)."}
		}
		v, why := to("unknown")(f)
		if v == does {
			v = partly
		}
		return v, why
	}, "/console/destinations"},
	{"cloud", text{"検査しない宛先の一覧を管理しているか。", "Destinations that are not inspected are listed, owned and limited in time."}, func(f *facts) (verdict, text) {
		switch {
		case f.Bypass == 0:
			return does, text{"検査しない宛先はありません。", "There are none."}
		case f.Unowned > 0:
			return partly, textf(text{"%d 件のうち %d 件は責任者がありません。", "Of %d entries %d have no owner."}, f.Bypass, f.Unowned)
		}
		return does, textf(text{"%d 件。すべて責任者と理由があり、通信は記録されます。", "%d entries, each with owner and reason; their use is recorded."}, f.Bypass)
	}, "/console/health"},

	{"accounts", text{"利用者は1人ずつ別のアカウントを使っているか。", "Each person has an account of their own."}, func(f *facts) (verdict, text) {
		switch {
		case len(f.LogIns) == 0:
			return cannot, text{"利用者のログインが設定されていません。", "No log-in of users is set up."}
		case f.Anonymous:
			return partly, text{"ログインはありますが、名前なしの利用も許しています (auth.anonymous)。", "There is a log-in, but use without a name is allowed as well (auth.anonymous)."}
		}
		return does, textf(text{"名前なしの利用はできません。ログイン: %v", "Nobody is served without a name. Log-in by %v"}, f.LogIns)
	}, ""},
	{"accounts", text{"アカウントの使い回しに気づけるか。", "Sharing of an account is noticed."}, func(f *facts) (verdict, text) {
		if f.Shared {
			return does, text{"多くの場所から使われるアカウントを警報にします。", "Accounts used from many places raise an alarm."}
		}
		return partly, text{"記録から調べられますが、自動では気づきません (auth.shared)。", "The record shows it, but nothing notices by itself (auth.shared)."}
	}, "/console/people"},
	{"accounts", text{"だれがいつ何をどこへ送ったかを後から示せるか。", "Who sent what where and when can be shown afterwards."}, func(f *facts) (verdict, text) {
		if f.Anonymous {
			return partly, text{"記録はありますが、名前のない送信があり得ます。", "It is recorded, but some of it without a name."}
		}
		return does, text{"送信ごとに人、宛先、件数、判定の理由を記録しています。", "Person, destination, counts and the reason of each decision are recorded."}
	}, "/console/incidents"},
	{"accounts", text{"不要になったアカウントを止めているか。", "Accounts that are not needed any more are shut out."}, func(f *facts) (verdict, text) {
		idle := 0
		for i := range f.accounts {
			if a := &f.accounts[i]; !a.Disabled && f.now.Sub(a.LastSeen) > 90*24*time.Hour && f.now.Sub(a.Created) > 90*24*time.Hour {
				idle++
			}
		}
		if idle > 0 {
			return partly, textf(text{"コンソールの %d アカウントが90日以上使われていません。利用者の側は社内の台帳によります。", "%d accounts of the console were not used for 90 days. Those of users are kept elsewhere."}, idle)
		}
		return partly, text{"コンソールに長く使われていないアカウントはありません。利用者の側は社内の台帳によります。", "No account of the console is idle. Those of users are kept elsewhere."}
	}, "/console/accounts"},

	{"privileged", text{"管理者の操作がすべて記録され、本人に消せないか。", "All that administrators do is recorded, and they cannot remove it."}, func(f *facts) (verdict, text) {
		if len(f.Witnesses) == 0 {
			return partly, text{"記録し改変は検知できますが、外部の証人がないため、機械ごと支配されると防げません。", "It is recorded, and changes are noticed; without an outside witness not those by who holds the whole machine."}
		}
		return does, textf(text{"記録し、%d の外部の証人が連署しています。", "It is recorded and cosigned by %d outside witnesses."}, len(f.Witnesses))
	}, "/console/acts"},
	{"privileged", text{"管理・ルール作成・承認・監査の役割が分かれているか。", "Administration, rules, approval and review are kept apart."}, func(f *facts) (verdict, text) {
		for _, r := range account.Roles {
			if n, _ := f.usable(r); n == 0 {
				return partly, textf(text{"役割は分けられていますが、「%s」の人がまだいません。", "Roles are apart, but nobody is %s yet."}, string(r))
			}
		}
		return does, text{"4つの役割すべてに人がいます。ルール作成者と監査者は兼ねられません。", "All four roles are taken; nobody is both rule author and auditor."}
	}, "/console/accounts"},
	{"privileged", text{"重要な変更に2人が要るか。", "Grave changes take two people."}, func(f *facts) (verdict, text) {
		if n, _ := f.usable(account.Operator); n < 2 {
			return partly, text{"役割とルールの変更は2人制ですが、運用者が2人いません。", "Roles and rules take two people, but there are not two operators."}
		}
		return does, text{"役割の付与、再設定、ルールの変更は別の人の承認が要ります。", "Roles, resets and rules take the word of a second person."}
	}, "/console/rules/changes"},
	{"privileged", text{"ルールと設定の変更の内容と変更した人が残るか。", "Changes of rules and settings are kept with what changed and by whom."},
		always("変更は差分と所有者・提案者・承認者とともに記録され、止まっている間の変更も次の起動で記録されます。", "Each is recorded with its difference and its author; what was changed while the program did not run, at the next start."), "/console/log"},
	{"privileged", text{"緊急の承認や停止など、例外的な権限の使用に気づけるか。", "Exceptional powers, such as an emergency release, are noticed when used."}, func(f *facts) (verdict, text) {
		if f.Alarms == 0 {
			return partly, text{"警報として記録しますが、だれにも知らせません ([[alarm]])。", "Their use is recorded as an alarm, but nobody is told ([[alarm]])."}
		}
		return does, textf(text{"使われると警報になり、%d か所に知らせます。", "Their use is an alarm; %d places are told."}, f.Outside)
	}, "/console/alarms"},
	{"privileged", text{"管理者のログインに2段階認証を使っているか。", "Administrators log in in two steps."}, func(f *facts) (verdict, text) {
		all, two := 0, 0
		for i := range f.accounts {
			if a := &f.accounts[i]; a.Has(account.Roles...) {
				all++
				if a.TwoStep() {
					two++
				}
			}
		}
		v := partly
		if all > 0 && two == all {
			v = does
		} else if two == 0 {
			v = cannot
		}
		return v, textf(text{"%d アカウント中 %d が2段階認証です。", "Of %d accounts %d log in in two steps."}, all, two)
	}, "/console/accounts"},
	{"privileged", text{"管理用の通信が暗号化されているか。", "Administration goes through encrypted connections."}, func(f *facts) (verdict, text) {
		if f.TLS {
			return does, text{"コンソールは HTTPS で公開しています。", "The console is reached by HTTPS."}
		}
		return does, text{"コンソールは同じ機械からだけ開けます。", "The console opens from the same machine only."}
	}, ""},
	{"privileged", text{"サーバーの特権操作 (OS) を管理しているか。", "Privileged work on the machines themselves is under control."}, never("OSの操作は見えません。操作記録の製品と入退室で補ってください。", "It does not see what is done on the operating system; add session recording."), ""},

	{"log", text{"記録の改変・削除に気づけるか。", "Changed or deleted records are noticed."}, func(f *facts) (verdict, text) {
		v := f.verified
		switch {
		case v == nil:
			return partly, text{"検証できますが、起動後まだ実行していません。", "It can be verified, but was not since the start."}
		case v.Err != nil || v.Result.Bad != nil:
			return cannot, text{"最後の検証で異常がありました。", "The last verification found a fault."}
		}
		at := v.At.Format(time.DateTime)
		return does, textf(text{"%s の検証で %d 件すべて正常。", "All %[2]d records were sound at %[1]s."}, at, v.Result.Records)
	}, "/console/log"},
	{"log", text{"管理者の手の届かない所に記録の証しがあるか。", "Proof of the record lies out of administrators' reach."}, func(f *facts) (verdict, text) {
		if len(f.Witnesses) == 0 {
			if f.Exports > 0 {
				return partly, textf(text{"証人はありませんが、%d の外部へ記録を送っています。", "There is no witness, but the record goes to %d other systems."}, f.Exports)
			}
			return cannot, text{"証人も外部への送付もありません (audit.witness)。", "There is neither a witness nor an export (audit.witness)."}
		}
		for _, w := range f.Witnesses {
			if w.Err != nil || f.now.Sub(w.At) > time.Hour {
				return partly, textf(text{"証人 %s の署名が滞っています。", "The witness %s does not cosign."}, w.Name)
			}
		}
		return does, textf(text{"証人 %s が %s に連署しました。", "%s cosigned at %s."}, f.Witnesses[0].Name, f.Witnesses[0].At.Format(time.DateTime))
	}, "/console/log"},
	{"log", text{"記録を十分な期間残しているか。", "Records are kept long enough."}, func(f *facts) (verdict, text) {
		switch {
		case f.Keep == 0:
			return does, text{"期限なく残します。", "They are kept for ever."}
		case f.Keep < 365*24*time.Hour:
			return partly, textf(text{"%d 日残します。1年以上を勧めます。", "They are kept for %d days; a year is advisable."}, int(f.Keep.Hours()/24))
		}
		return does, textf(text{"%d 日残し、期限後の削除も記録します。", "They are kept for %d days, and their deletion is recorded."}, int(f.Keep.Hours()/24))
	}, "/console/log"},
	{"log", text{"記録できないとき、送信を止めるか。", "What cannot be recorded does not leave."}, func(f *facts) (verdict, text) {
		if f.ready != nil {
			return partly, text{"止める仕組みですが、いま異常があります。稼働状況を見てください。", "It does not; but something is wrong now, see system health."}
		}
		return does, text{"記録がディスクに載るまで送信しません。", "Nothing is let out before its record is on disk."}
	}, "/console/health"},
	{"log", text{"記録に個人情報の写しを作らないか。", "The record is no second copy of the data."}, always("値は伏せ字と照合値だけです。", "It holds masked forms and keyed digests only."), ""},
	{"log", text{"証拠を保全し、開いた人を記録するか。", "Evidence is kept safe, and who opens it is recorded."}, func(f *facts) (verdict, text) {
		n := 0
		for _, r := range f.rules {
			if r.Evidence != "" && !r.Shadow {
				n++
			}
		}
		switch {
		case f.Evidence == 0:
			return cannot, text{"監査者の鍵がなく、証拠は残りません (evidence.recipients)。", "There is no auditor's key, so none is kept (evidence.recipients)."}
		case n == 0:
			return partly, text{"監査者の鍵はありますが、証拠を求めるルールがありません。", "There are auditors' keys, but no rule asks for evidence."}
		}
		return does, textf(text{"%d のルールが残し、%d の監査者の鍵だけで開けます。", "%d rules keep it; only %d auditors' keys open it."}, n, f.Evidence)
	}, ""},

	{"review", text{"記録を定期的に確認しているか。", "The record is looked at regularly."}, func(f *facts) (verdict, text) {
		last := day(f.last["report"])
		if f.within("report", 35) {
			return does, textf(text{"最後の報告書: %s", "Last report: %s"}, last.ja)
		}
		return partly, text{"最後の報告書: " + last.ja, "Last report: " + last.en}
	}, "/console/reports"},
	{"review", text{"点検に使う数字を、元の記録から数え直せるか。", "The figures of a review can be counted again from the record."},
		always("報告書は数えた記録の番号・ハッシュ・チェックポイントを示し、内訳が合計と合わなければそう告げます。", "Reports name the records, hashes and checkpoint that they count, and say so if the parts do not sum up."), "/console/reports"},
	{"review", text{"担当者以外が抜き取りで確認しているか。", "Somebody else draws samples and checks them."}, func(f *facts) (verdict, text) {
		last := day(f.last["sample-looked"])
		if f.within("sample-looked", 35) {
			return does, textf(text{"最後の確認: %s", "Last look: %s"}, last.ja)
		}
		return partly, text{"抽出はできます。最後の確認: " + last.ja, "Samples can be drawn. Last look: " + last.en}
	}, "/console/reports"},
	{"review", text{"検知したものを放置していないか。", "What was found is followed up."}, func(f *facts) (verdict, text) {
		switch {
		case !f.managed:
			return partly, text{"インシデントの対応状態は管理できます。警報は設定されていません。", "Incidents have follow-up states. No alarm is set up."}
		case f.alerts > 0:
			return partly, textf(text{"未確認の警報が %d 件あります。", "%d alarms wait to be acknowledged."}, f.alerts)
		}
		return does, text{"未確認の警報はありません。", "No alarm waits."}
	}, "/console/alarms"},
	{"review", text{"異常を上司や第三者へ自動で知らせるか。", "Managers and third parties are told by themselves."}, func(f *facts) (verdict, text) {
		switch {
		case f.Alarms == 0 || f.Outside == 0:
			return cannot, text{"知らせ先が設定されていません ([[alarm]]、[[notify]])。", "Nobody is told ([[alarm]], [[notify]])."}
		case f.Managers == 0:
			return partly, textf(text{"%d の警報が %d か所に知らせます。上司の登録はありません。", "%d alarms tell %d places. No managers are known."}, f.Alarms, f.Outside)
		}
		return does, textf(text{"%d の警報が %d か所に知らせます。%d 人の上司が登録されています。", "%d alarms tell %d places; the managers of %d people are known."}, f.Alarms, f.Outside, f.Managers)
	}, "/console/alarms"},
	{"review", text{"少しずつ長く続く持ち出しに気づけるか。", "A slow drip over a long time is noticed."}, func(f *facts) (verdict, text) {
		for _, r := range f.rules {
			for _, need := range r.Needs {
				if !r.Shadow && over(need) {
					return does, textf(text{"期間で数えるルール %s などがあります。", "Rules over time, such as %s, count it."}, r.ID)
				}
			}
		}
		return partly, text{"期間で数えるルール (over) がありません。", "No rule counts over time (over)."}
	}, "/console/rules"},

	{"approval", text{"持ち出しの前に承認を求めているか。", "Taking data out takes an approval first."}, func(f *facts) (verdict, text) {
		all, _, _ := f.holds()
		if all == 0 {
			return cannot, text{"保留して承認を求めるルールがありません (action = \"hold\")。", "No rule holds for an approval (action = \"hold\")."}
		}
		return does, textf(text{"%d のルールが承認まで保留します。", "%d rules hold until it is approved."}, all)
	}, "/console/releases"},
	{"approval", text{"承認は本人以外が行うか。", "Nobody approves what is their own."}, always("本人は決裁できません。2つのアカウントでも、代理を通しても同じです。", "Nobody does, not with a second account that is known to be theirs, nor through a delegate."), "/console/releases"},
	{"approval", text{"重要なものは2人が承認するか。", "Grave ones take two people."}, func(f *facts) (verdict, text) {
		all, two, _ := f.holds()
		switch {
		case all == 0:
			return cannot, text{"保留するルールがありません。", "No rule holds."}
		case two == 0:
			return partly, text{"2人を求めるルールがありません (release.people = 2)。", "No rule asks for two (release.people = 2)."}
		}
		return does, textf(text{"%d のルールが2人以上を求めます。", "%d rules ask for two or more."}, two)
	}, "/console/rules"},
	{"approval", text{"上司が承認に加わるか。", "Managers take part."}, func(f *facts) (verdict, text) {
		_, _, m := f.holds()
		if m == 0 || f.Managers == 0 {
			return partly, textf(text{"上司を名指すルール %d、登録された上司 %d 人分。", "%d rules name the manager; those of %d people are known."}, m, f.Managers)
		}
		return does, textf(text{"%d のルールが上司の承認を求めます。", "%d rules ask the manager."}, m)
	}, "/console/rules"},
	{"approval", text{"承認した内容と実際に出たものが同じか。", "What leaves is what was approved."}, always("承認は内容の照合値、人、宛先、期間に結びついています。", "A release is bound to the content's digest, the person, the host and a time."), "/console/releases"},

	{"approval", text{"承認に期限があり、過ぎたら通らないか。", "What was approved ends with a time."}, func(f *facts) (verdict, text) {
		if all, _, _ := f.holds(); all == 0 {
			return cannot, text{"保留して承認を求めるルールがありません (action = \"hold\")。", "No rule holds for an approval (action = \"hold\")."}
		}
		return does, text{"ルールの定めた時間だけ通り、決裁を待つ申請も期限で終わります。", "It passes for the rule's hours only, and requests that nobody decides on end, too."}
	}, "/console/releases"},

	{"elsewhere", text{"USBなどの外部媒体への書き出しを制限しているか。", "Writing to USB and other media is limited."}, never("ネットワークの外は見えません。端末の管理で補ってください。", "It sees the network only. Add device control on the PCs."), ""},
	{"elsewhere", text{"印刷や画面の撮影に備えているか。", "Printing and photographs of screens are provided for."}, never("見えません。印刷管理と執務室の規則で補ってください。", "It does not see them. Add print control and rules for the room."), ""},
	{"elsewhere", text{"データベースや業務システムからの大量の取り出しを制限しているか。", "Mass extraction from databases is limited."}, never("取り出しは見えません。社外へ出る時に止めます。", "It does not see extraction; it stops what then leaves."), ""},
	{"elsewhere", text{"プロキシを通らない通信を防いでいるか。", "Nothing gets out past the proxy."}, never("ファイアウォールで、この機械以外からの外向きの通信を止めてください。", "Let the firewall refuse what does not come from this machine."), ""},
	{"elsewhere", text{"委託先の監督と従業員の教育をしているか。", "Contractors are supervised and employees trained."}, never("体制の問題です。報告書と止めた時の画面が教育の材料になります。", "That is for people. Reports and the pages that senders see help to teach."), ""},
}
