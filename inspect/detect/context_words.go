package detect

// weak marks a label word that governs persons and things alike ("name" over
// people, products and hosts). It needs support before a value is believed on
// its word alone. It is cleared in what Block.Label answers.
const weak Label = 1 << 63

// frequent marks an English label word too frequent in prose to say anything
// unless it stands right before a value.
const frequent Label = 1 << 62

// labelWords lists the words by which columns, keys and fields are known.
// English ones are written in lower case without separators, so that one entry
// stands for firstName, first_name, FIRST-NAME and "First name". Of words that
// begin at the same place the longest counts, so that 商品名 hides 名 and
// "ipaddress" hides "address".
var labelWords = []struct {
	label Label
	words string
}{
	{LName, `氏名 お名前 御名前 姓名 名前 ご氏名 御氏名 漢字氏名 氏名漢字 本名 旧姓名 個人名 顧客名 お客様名 お客さま名 利用者名 契約者名
		会員名 社員名 従業員名 職員名 患者名 生徒名 児童名 学生名 園児名 受講者名 参加者名 申込者名 申請者名 応募者名 注文者名 購入者名 送付先名 届け先名
		お届け先名 配送先名 受取人名 受取人 名義人 口座名義 口座名義人 カード名義 カード名義人 名義 保護者名 世帯主名 世帯主 代表者名 代表者 担当者名 担当者 ご担当者 責任者名
		ローマ字 ローマ字氏名 氏名ローマ字 氏名(ローマ字) 名前ローマ字 ローマ字表記 英字氏名 氏名英字 氏名(英字) 英文氏名 英語氏名 氏名(英語) アルファベット氏名 氏名(アルファベット) パスポート氏名
		予約者名 宿泊者名 出席者名 登録者名 依頼主名 配偶者名 緊急連絡先氏名 署名 宛名 宛先名 差出人名 著者名 被保険者名 登録名義 代表者氏名 契約者氏名 氏名(漢字) 本人氏名 家族氏名 役員名
		fullname customername clientname membername personname contactname contactperson employeename staffname patientname studentname guestname
		recipientname sendername applicantname cardholder cardholdername cardname nameoncard holdername accountholder accountname accountholdername
		guardianname parentname spousename realname legalname truename billingname shippingname beneficiary beneficiaryname payee payeename
		attendee attendeename passengername passenger buyername sellername ownername subscribername subscriber insured insuredname emergencycontact
		fromname toname formattedname romaji nameromaji romajiname nameinromaji roman romanname nameroman namealphabet englishname nameenglish nameinenglish contactpersonname namekanji kanjiname jpname namejp nameja namejapanese shimei namae addressee`},
	{LName | weak, `name names displayname nm 名称 username author contact owner`},
	{LSurname | weak, `last family`},
	{LGiven | weak, `first given`},
	{LSurname, `姓 姓(ローマ字) 姓ローマ字 姓(英字) ローマ字姓 苗字 名字 氏 姓漢字 姓(漢字) 旧姓 lastname lname surname familyname secondname sei lastnamekanji familynamekanji maidenname namelast namefamily namesurname namelastname namefamilyname namesei`},
	{LGiven, `名 名(ローマ字) 名ローマ字 名(英字) ローマ字名 名(漢字) 名漢字 firstname fname givenname forename mei middlename mname firstnamekanji givennamekanji namefirst nickname namegiven namefirstname namegivenname namemei`},
	{LKana, `フリガナ ふりがな カナ かな ヨミガナ よみがな ヨミ よみ 読み仮名 読みがな 読み カナ氏名 氏名カナ 氏名フリガナ 氏名ふりがな 氏名(カナ) 氏名(フリガナ) お名前(カナ) お名前カナ お名前フリガナ 名前カナ カナ名 カナ名義
		口座名義カナ 口座名義(カナ) 氏名かな 氏名読み 氏名ヨミ 半角カナ 全角カナ
		kana namekana kananame katakana furigana hurigana fullnamekana yomi yomigana phonetic namephonetic hiragana namekatakana namehiragana customernamekana nameyomi`},
	{LKana | LSurname, `セイ せい 姓カナ 姓かな 姓(カナ) 姓フリガナ 姓ふりがな セイカナ lastnamekana familynamekana surnamekana seikana lastkana kanasei lastnameyomi phoneticlastname kanalastname kanalast kanafamily`},
	{LKana | LGiven, `メイ めい 名カナ 名かな 名(カナ) 名フリガナ 名ふりがな メイカナ firstnamekana givennamekana meikana firstkana kanamei firstnameyomi phoneticfirstname kanafirstname kanafirst kanagiven`},

	{LAddress, `住所 ご住所 御住所 現住所 自宅住所 居住地 居所 住居 住所1 住所2 住所3 所在地 送付先 送付先住所 届け先住所 お届け先 お届け先住所 届け先 届出先 配送先 配送先住所 連絡先住所
		請求先住所 契約住所 設置場所 設置住所 住民票住所 本籍 本籍地 勤務先住所 実家住所 転居先 納品先 引取先 発送先 出荷先 宛先住所 住所(都道府県) 帰省先 アドレス
		address addr add adr adrs homeaddress streetaddress postaladdress mailingaddress billingaddress shippingaddress deliveryaddress addressline fulladdress
		residence residentialaddress currentaddress permanentaddress physicaladdress location jusho jyusho shipto billto shiptoaddress billtoaddress`},
	{LPrefecture, `都道府県 都道府県名 府県 県名 住所都道府県 県 prefecture pref state province region prefecturename prefname todofuken stateprovince addressstate addressregion ken`},
	{LCity, `市区町村 市町村 市区郡 市区 市町村名 市区町村名 市郡区 区市町村 郡市区 住所市区町村 city town municipality locality ward village addresslocality shikuchoson addresscity cityname suburb`},
	{LStreet, `番地 丁目番地 町域 町名 町名番地 番地以降 町域番地 以降の住所 それ以降の住所 以下住所 建物 建物名 建物名等 建物名部屋番号 建物部屋番号 マンション マンション名 アパート名 マンション・アパート名 ビル名 部屋番号 号室 方書 丁目 大字 字 町名・番地 番地・建物名 市区町村以降 住所詳細 丁目・番地
		street streetname streetline streetnumber housenumber building buildingname apartment apt unit room roomnumber block chome banchi addressdetail tatemono thoroughfare streetaddress1 streetaddress2 streetaddressline suite county`},
	{LPostal, `郵便番号 〒 〒番号 郵便 郵便No 届け先郵便番号 自宅郵便番号 postalcode postal postcode zip zipcode zipcd yubin yubinbango postcd postalcd postalzip zippostal zippostalcode`},

	{LPhone, `フリーダイヤル ナビダイヤル フリーコール お客様相談室 電話番号 電話 お電話 お電話番号 TEL Tel 携帯 携帯電話 携帯番号 携帯電話番号 自宅電話 自宅電話番号 自宅TEL 連絡先 ご連絡先 連絡先電話番号 連絡先電話 緊急連絡先 緊急連絡先電話番号 日中連絡先 固定電話 固定電話番号 ファックス
		ファクス FAX番号 ＦＡＸ ファックス番号 電話1 電話2 勤務先電話 勤務先電話番号 直通 内線 代表電話 移動電話 ケータイ スマホ スマートフォン番号 ℡ ☎ 📞
		tel telno telephone telephoneno telephonenumber phone phoneno phonenumber phones mobile mobileno mobilenumber mobilephone mobilephonenumber cell cellphone
		cellphonenumber cellnumber cellular fax faxno faxnumber telefax homephone workphone contactnumber contactno contactphone daytimephone eveningphone msisdn phonework phonehome phonemobile
		keitai denwa denwabango emergencyphone directline telnumber ph whatsapp homenumber landline`},
	{LEmail, `メールアドレス メール Eメール eメール 電子メール Eメールアドレス 電子メールアドレス メアド 連絡先メール 携帯メール 携帯メールアドレス PCメール パソコンメール E-mail email emailaddress emails mail mailaddress eaddress
		emailaddr mailaddr useremail contactemail workemail personalemail replyto emailid mailto`},
	{LBirth, `生年月日 誕生日 誕生年月日 お誕生日 出生日 生まれ 出生年月日 生年 ご生年月日 birth birthdate birthday dateofbirth dob born birthdt bday datebirth birthyear yearofbirth seinengappi tanjobi`},
	{LCard, `カード番号 クレジットカード番号 クレジットカード クレカ番号 クレカ カードNo カードＮｏ デビットカード番号 デビットカード クレジット番号 会員カード番号
		creditcard creditcardnumber creditcardno cardnumber cardno cardnum ccnumber ccnum cc pan ccno debitcard debitcardnumber paymentcard cardpan primaryaccountnumber visa mastercard amex jcb`},
	{LExpiry, `有効期限 有効期間 カード有効期限 expiry expirydate expires expiration expirationdate exp expdate expmonth expyear validthru validuntil goodthru cardexpiry ccexp expmonthyear`},
	{LCVV, `セキュリティコード 確認コード カード確認番号 cvv cvc cvv2 cvc2 cid securitycode cardcode cardverification cvn`},
	{LMyNumber, `マイナカード マイナカード番号 マイナカードの番号 マイナンバーカードの番号 マイナンバーカード番号 マイナンバー 個人番号 社会保障番号 個人番号カード マイナンバーカード マイナ番号 特定個人情報 mynumber mynumbercard individualnumber kojinbango mynum mynumberjp nationalid`},
	{LCorporate, `法人番号 登録番号 適格請求書 適格請求書発行事業者登録番号 インボイス番号 インボイス登録番号 会社法人等番号 T番号 corporatenumber houjinbangou hojinbango invoiceregistrationnumber corporateid`},
	{LDriver, `運転免許証 運転免許証番号 運転免許番号 免許証番号 免許番号 免許証 運転免許 免許証の番号 driverlicense driverslicense driverslicence driverlicence drivinglicence drivinglicense licensenumber licencenumber driverlicensenumber driverslicensenumber dlnumber menkyo`},
	{LPassport, `旅券 旅券番号 パスポート パスポート番号 パスポートNo passport passportnumber passportno passportnum passportid`},
	{LResidence, `在留カード 在留カード番号 在留番号 在留カード等番号 特別永住者証明書 特別永住者証明書番号 residencecard residencecardnumber residencecardno zairyucard`},
	{LPension, `基礎年金番号 年金番号 年金手帳 年金手帳番号 基礎年金 厚生年金番号 厚生年金 pensionnumber basicpensionnumber nenkin pensionno pensionid`},
	{LInsurance, `健康保険証 保険証 保険証番号 被保険者番号 被保険者記号 被保険者証 被保険者証記号 被保険者証番号 保険者番号 健康保険 記号番号 記号・番号 保険証記号 健康保険証番号 健康保険記号 健康保険番号 記号 枝番 介護保険被保険者番号 後期高齢者 雇用保険被保険者番号 雇用保険 国民健康保険
		healthinsurance healthinsurancenumber insurancenumber insuranceno insuredid insuranceid insurerno insurernumber policyholderid`},
	{LBank, `口座番号 銀行口座 口座 振込先 振込口座 お振込先 銀行 銀行名 金融機関 金融機関名 金融機関コード 銀行コード 支店 支店名 支店コード 店番号 店番 普通預金 当座預金 普通 当座 預金種別 口座種別 ゆうちょ ゆうちょ銀行 記号番号(ゆうちょ) ゆうちょ記号番号 ゆうちょ銀行記号番号 貯金記号番号 通帳記号番号 引落口座 引き落とし口座 口座情報
		bankaccount bankaccountnumber accountnumber accountno accountnum acctno acctnumber bankname bank bankcode branchcode branchname branch branchno routingnumber sortcode swift swiftcode bic aba abarouting kozabango`},
	{LPlate, `車両番号 登録番号標 ナンバープレート 車両ナンバー 車番 自動車登録番号 車のナンバー licenseplate licenceplate plate platenumber plateno carnumber vehicleregistration registrationplate vehiclenumber`},
	{LSSN, `ssn mysocial socialsecurity socialsecuritynumber socialsecurityno ssnumber socsec taxpayerid itin ss#`},
	{LIBAN, `iban ibannumber ibancode internationalbankaccountnumber`},
	{LCustomer, `会員番号 会員ID 会員No 会員コード 会員証番号 顧客ID 顧客番号 顧客コード 顧客No 回線ID 回線番号 お客様番号 お客さま番号 お客様ID お客さまID お客様コード お客様No 契約番号 契約ID 契約者番号 契約者ID 利用者番号 利用者ID ユーザID ユーザーID ログインID 社員番号 社員ID 社員コード 社員No 従業員番号 従業員ID 従業員コード 職員番号
		患者番号 患者ID 診察券番号 学籍番号 学生番号 生徒番号 受験番号 受験者番号 受付番号 申込番号 申請番号 整理番号 証券番号 加入者番号 組合員番号 カルテ番号 登録ID ポイントカード番号 管理番号 供給地点特定番号 名簿番号 ID No. No 番号
		customerid customerno customernumber customercode clientid clientno clientnumber memberid memberno membernumber membershipid membershipnumber userid uid accountid subscriberid subscribernumber circuitid lineid contractid contractno contractnumber
		employeeid employeeno employeenumber staffid empid patientid patientno mrn studentid studentno personid contactid policynumber policyno loginid useraccount externalid crmid loyaltynumber guestid kaiinbango kokyakuid id`},
	{LPerson, `様 購入者 注文者 予約者 宿泊者 出席者 登録者 加入者 依頼主 ご依頼主 発送者 送り主 相談者 担当医 主治医 講師 紹介者 保証人 連帯保証人 顧客 お客様 お客さま 担当 ご担当 会員 本人 ご本人 利用者 契約者 申込者 申請者 応募者 患者 社員 従業員 職員 学生 生徒 児童 保護者 家族 配偶者 続柄 性別 年齢 国籍 血液型 職業 役職 勤務先 部署 所属 敬称 送付状 参加者 受講者 被保険者 名簿 連絡網
		customer client member person people patient student employee staff guest attendee recipient sender applicant guardian spouse dependent user gender sex age nationality occupation jobtitle salutation honorific maritalstatus relationship bloodtype contacts customers members employees patients students users`},
	{LOrder, `シリアル シリアルNo 製造No 注文番号 注文ID 注文No オーダー番号 ご注文番号 受注番号 発注番号 伝票番号 お問い合わせ番号 お問合せ番号 問い合わせ番号 送り状番号 追跡番号 配送番号 出荷番号 荷物番号 請求番号 請求書番号 領収書番号 見積番号 見積書番号 納品書番号 取引番号 取引ID 決済番号 決済ID 承認番号 予約番号 商品コード 商品番号 商品ID 商品名 商品 品番 品名 型番 型式 製品番号 製品名 製品 シリアル番号 製造番号 ロット番号 JAN JANコード バーコード ISBN 在庫番号 部品番号 棚番 バージョン 版 版数 文書番号 管理コード 資産番号 図番 案件番号 工事番号 チケット番号 ジョブ番号 コード IPアドレス MACアドレス URL ファイル名 フォルダ名 項目名 クラス名 件名 題名 店舗名 店名 施設名 イベント名 プラン名 コース名 科目名 講座名 書名 作品名 曲名 駅名 路線名 機種名 機種 車種 路線 緯度 経度 証明書番号 ハッシュ 座標
		order orderid orderno ordernumber purchaseorder po ponumber invoice invoiceid invoiceno invoicenumber receipt receiptno receiptnumber tracking trackingid trackingno trackingnumber trackingcode shipment shipmentid waybill waybillno transaction transactionid transactionno txid txn paymentid reference referenceno referencenumber refno ref
		confirmation confirmationnumber bookingid bookingreference reservation reservationid ticket ticketid ticketno ticketnumber case caseid casenumber product productid productcode productname productno sku item itemid itemcode itemname itemno part partno partnumber model modelnumber modelno modelname serial serialno serialnumber lot lotno lotnumber batch batchid
		jan jancode ean upc gtin isbn issn doi barcode asin imei imsi iccid mac macaddress ip ipaddress ipv4 ipv6 remoteaddress remoteaddr walletaddress wallet contractaddress version ver build revision rev release commit hash sha sha1 sha256 md5 checksum digest etag uuid guid requestid sessionid traceid spanid deviceid token key apikey
		filename file foldername path pathname hostname host domainname domain servername classname tagname nodename methodname functionname variablename typename fieldname columnname tablename projectname packagename modulename eventname appname applicationname screenname loginname groupname rolename planname coursename schoolname shopname storename hotelname placename brandname categoryname subject url uri link href src port pid latitude longitude lat lng lon geo coordinates timestamp epoch nonce seq sequence index count offset length size width height x y z invoiceaddress webaddress siteaddress memoryaddress addressid nameserver namespace metadata`},
	{LAmount, `金額 合計 合計金額 小計 税額 消費税 税込 税抜 単価 価格 値段 定価 販売価格 数量 個数 点数 件数 人数 割合 率 売上 売上高 利益 残高 年収 給与 月額 年額 手数料 送料 ポイント 得点 スコア 面積 重量 重さ 身長 体重 人口 世帯数 回数 予算 実績 前年比 構成比 円
		amount total subtotal price unitprice cost fee tax vat discount balance quantity qty sum salary income revenue sales score points rate ratio percent percentage weight volume area population budget limit`},
	{LDate, `登録日 登録日時 更新日 更新日時 作成日 作成日時 発行日 発行日時 交付日 交付年月日 取得日 取得年月日 開始日 終了日 開催日 実施日 受付日 受付日時 申込日 申込日時 申請日 契約日 契約開始日 契約終了日 解約日 満了日 満期日 期限 締切 締切日 納期 納品日 出荷日 発送日 配達日 到着日 注文日 注文日時 受注日 発注日 購入日 支払日 入金日 請求日 決済日 訪問日 来店日 入社日 入社年月日 退社日 退職日 入学日 卒業日 診察日 受診日 予約日 予約日時 公開日 掲載日 改訂日 改定日 施行日 制定日 最終更新 最終ログイン 日付 日時 年月日 対応日 入会日 退会日 時刻 期間 年度 放送日 発売日
		date datetime created createdat createddate createdon creationdate updated updatedat updateddate updatedon modified modifiedat lastmodified lastlogin registered registeredat registrationdate issued issuedat issuedate issuedon orderdate orderedat purchasedate purchasedat paymentdate paidat shippedat shipdate shippingdate deliverydate deliveredat duedate startdate enddate startat endat starttime endtime
		joindate joinedat hiredate hiredon joined published publishedat publishdate releasedate released effectivedate visitdate signupdate subscribedat time day month year since until from closingdate invoicedate transactiondate bookingdate checkin checkout appointmentdate lastupdated lastvisit deletedat expiresat lastseen`},
	{LCompany, `会社名 会社 御社名 貴社名 企業名 法人名 団体名 組織名 事業者名 屋号 勤務先名 学校名 取引先 取引先名 仕入先 仕入先名 得意先 得意先名 支社名 支社 事業所名 事業所 部署名 所属名 部門 部門名 病院名 医療機関名 加盟店名 メーカー メーカー名 発行元 出版社 販売元 製造元 会社名(カナ) 会社名カナ 法人名カナ 会社カナ
		company companyname corporation corporatename organization organisation organizationname organisationname org orgname employer employername business businessname firm institution agency vendor vendorname supplier suppliername manufacturer merchant merchantname publisher brand affiliation department departmentname dept companykana companynamekana school hospital team division`},
}

// neutral are English words in keys that do not change what the rest says:
// home_phone, customerEmail2, billing-zip.
var neutral = map[string]bool{}

func init() {
	for _, w := range []string{"customer", "client", "user", "users", "member", "person", "personal", "home", "work", "office", "business", "private", "mobile",
		"billing", "bill", "shipping", "ship", "delivery", "deliver", "invoice", "contact", "primary", "secondary", "main", "sub", "alt", "alternate", "alternative", "other",
		"current", "new", "old", "my", "your", "the", "recipient", "sender", "patient", "employee", "staff", "student", "applicant", "emergency",
		"guardian", "parent", "spouse", "owner", "holder", "account", "subscriber", "buyer", "seller", "orderer", "payer", "guest", "attendee", "passenger",
		"default", "preferred", "daytime", "evening", "field", "value", "text", "input", "txt", "str", "raw", "full", "mailing", "residential",
		"jp", "ja", "en", "kanji", "line", "of", "no", "number", "num", "first", "second", "third", "from", "to", "reply", "registered", "legal", "insured", "beneficiary", "cardholder", "and", "your", "enter", "please", "a", "an", "u", "usr", "cust", "emp", "profile"} {
		neutral[w] = true
	}
}

// frequentWords are the label words that are frequent.
const frequentWords = `first last given family roman x y z key token time day month year since until from date case title subject file host count length size index sequence port build hash commit limit
	id contact owner author user users name names exp block unit room state region location address item part model version release reference product link
	score points rate weight volume area width height order ref rev cost fee sum domain position school team division business agency company street
	building city town county issued released published registered joined created updated modified mobile cell cc pan visa plate offset no sex age person
	people in add seq ip po mail card bank born branch store metadata confirmation reservation transaction department organization`
