package detect

import "testing"

func TestJapaneseAddresses(t *testing.T) {
	checkMarked(t, addresses{}, 0.5, []string{
		"【東京都千代田区丸の内1-1-1】",
		"住所は【東京都千代田区丸の内1丁目2番3号】です。",
		"【東京都 千代田区 丸の内 1-2-3】",
		"【札幌市中央区北1条西2丁目3番地】に集合",
		"【京都府京都市下京区烏丸通四条下る水銀屋町620】",
		"【京都市 下京区麓町123】",
		"【大阪府大阪市北区梅田一丁目二番三号】",
		"【埼玉県川口市大字芝3938-5】",
		"【長野県北佐久郡軽井沢町大字軽井沢1178】",
		"【龍ヶ崎市3710番地】、",
		"1,【神奈川県横浜市西区みなとみらい2-2-1 ランドマークタワー35階】,x",
		"【東京都港区芝公園4-2-8 コーポ芝201号室】に住む",
		"【岩手県架空市3丁目4番5号】", // a municipality that does not exist
		"【福岡県飯塚市枝国464-8】\n【福岡県福岡市博多区博多駅前2-1】",
	})
}

func TestNotJapaneseAddresses(t *testing.T) {
	checkMarked(t, addresses{}, 0.5, []string{
		"東京都と大阪府の人口",
		"松本市の天気は晴れ",
		"東京都は2024年に",
		"札幌市中央区で3件の事故",
		"北海道に5日間滞在した",
		"第3条第2項",
		"福島市   39,120   12", // statistics
	})
}

func TestEnglishAddresses(t *testing.T) {
	checkMarked(t, addresses{}, 0.5, []string{
		"He lives at 【742 Evergreen Terrace, Springfield, IL 62704】.",
		"1,Ann,【6509 Main Street N Waterside KY 63056-0023】,x",
		"address: 【100 S. Church St.】",
		"Send it to 【P.O. Box 1234, Austin, TX 78701】 please",
		"【221B Baker Street, London NW1 6XE】",
		"Visit us at 【1600 Pennsylvania Avenue NW, Washington, DC 20500】 today",
		"【220 Yonge Street, Toronto ON M5B 2H1】",
		"【RR 4 Box 17B, Fulton, MO 65251】",
		"address: 【610 Hubbard】\nsuite: 'Suite 206'",
		"He now lives at 【64 Kestrelgang 97, Hunderdorf】.",
		"Adresse: 【Lindenstraße 5】, Ulm",
		"【One Harbor Street, Boston, MA 02210】",
		"at 【1301 A Street, Tacoma, WA 98402】",
		" 7 【12 Main Street】", // nothing stands before the first number
		// A flat before the street, a line of its own, quoted lines.
		"【Unit 5, 12 High Street, Leeds LS1 4AP】",
		"Jan Novak\n\n【16 Hafnagata 6\n Apt. 523\n Hvolur\n\n Iceland 58673】\nbye",
		">Kim Doe\n>【31 Vestbraut 66\n>Suite 574\n>Hvolur\n>Norway 51262】",
		"Ms. Kim Doe 【Apt. 434 40 Rue de la Forge 421】\nHousse",
		// Codes of other countries.
		"【27 Collins Street, Melbourne VIC 3000】",
		"【14 Merrion Road, Dublin D04 X285】",
		"【10 Anson Road, Singapore 079903】",
		"【Lindenstraße 5, 10115 Berlin】",
		"【Kerkstraat 12b, 1012 AB Amsterdam】",
		"our office is at 【21 Hauptmarkt 9, Neudorf】 now",
		"the 【corner of Oak Avenue and Main Street】",
	})
	checkMarked(t, addresses{}, 0.5, []string{
		"Main Street is closed.",
		"In 2019 the Drive was renamed.",
		"see chapter 12 The Long Road",
		"listen address: 0x40 bytes, address: 127.0.0.1:8080",
		"address: Paris",
		"MAC address: 00:1B:44:11:3A:B7",
		"K1A 0B1",
		"RR 4 and HC 20 are wards",
		"the Autobahn straat 5",
		"One Way or Another",
		"the test suite 5 and unit 7 failed",
		"a filter located at 10 GHz, one located at 3 Units",
		"See Suite 3, 2 tests failed",
		"the corner of the table and chairs",
		"in the corner of Europe and Asia",
	})
}

func TestAddressCanon(t *testing.T) {
	if a, b := addressCanon([]byte("東京都 千代田区 霞が関1-1")), addressCanon([]byte("東京都千代田区霞ヶ関1-1")); a != b {
		t.Errorf("canon %q and %q", a, b)
	}
}

func BenchmarkAddressRecords(b *testing.B) {
	benchmarkFind(b, addresses{}, "10234,佐藤 健一,東京都千代田区丸の内1-1-1,090-0000-0000,2024-01-02\n")
}
