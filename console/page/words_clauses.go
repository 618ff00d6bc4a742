package page

import "maps"

func init() {
	maps.Copy(dictionary, clauseWords)
	maps.Copy(terms, clauseTerms)
}

// clauseWords and clauseTerms are those of conditions about the past, about what is
// done at a service, and about mail.
var clauseWords = map[string]pair{
	"over-days": {"過去%s日間の%s", "%[2]s in %[1]s days"}, "over-hours": {"過去%s時間の%s", "%[2]s in %[1]s hours"},
}

var clauseTerms = map[string]pair{
	"over people": {"個人の数", "Persons sent out"}, "over uploads": {"送信の回数", "Uploads"}, "over bytes": {"送信の量", "Bytes sent out"}, "over stopped": {"止められた送信", "Stopped uploads"},
	"over accounts": {"同じ内容を送ったアカウント", "Accounts with the same content"}, "over new_destination": {"初めての宛先", "New destination"}, "over hour": {"送信の時刻", "Hour"},
	"by user": {" (本人)", " by this person"}, "by group": {" (グループ)", " by the group"}, "by destination": {" (この宛先へ)", " to this destination"}, "by class": {" (この種類の宛先へ)", " to this kind of destination"},
	"key operation": {"操作", "Operation"}, "key recipients_outside": {"社外の宛先", "Recipients outside"}, "key recipient_domains": {"宛先のドメイン", "Recipients' domains"}, "key public_link": {"公開リンク", "Public link"},
	"class mail": {"メール", "Mail"}, "class mail-many": {"多数宛てのメール", "Mail to many"}, "class mail-open": {"宛先の見えるメール", "Mail that shows its recipients"}, "class mail-bcc": {"Bccのメール", "Mail by Bcc"}, "class mail-ppap": {"パスワードと同じ宛先のメール", "Mail with its password"},
	"said it was released": {"持ち出しが承認された", "it was released"},
}
