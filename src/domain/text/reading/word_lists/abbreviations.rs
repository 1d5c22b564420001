//! Abbreviations with a full stop, for languages that write one. They are listed without that stop and in lower
//! case.
//!
//! The words are facts on which the CLDR's suppression lists, dictionaries and style guides agree. A word that ends
//! sentences in another language of the same script is left out, or is in the list that requires a number after it.
//! Each list is sorted by bytes, for binary search.

/// No sentence ends after these, because a part that belongs to them follows.
#[rustfmt::skip]
pub(crate) const ALWAYS: &[&str] = &[
    "a.k.a", "a.n", "abb", "abp", "abs", "abschn", "ad.es", "adj", "adm", "adv", "afb", "afd", "alb", "alk", "allg",
    "anm", "apdo", "approx", "aprox", "apt", "arq", "assn", "assoc", "atty", "aufl", "avda", "avv", "bc", "bd", "bde",
    "bes", "betr", "bijv", "bkz", "bl.a", "blz", "boul", "bp", "bpk", "br", "brig", "bspw", "bzw", "böl", "c.-à-d",
    "c.f", "ca", "cad", "cand", "capt", "cass", "cca", "cf", "cfr", "cmdr", "cnel", "cpl", "d.h", "d.v.s", "d.w.z",
    "dept", "dhr", "dipl", "dl", "dott", "doç", "dpto", "dr", "dra", "drs", "ds", "dt", "dvs", "dyr", "dép", "dña",
    "e.g", "ee", "eg", "egr", "ehem", "ekskl", "ekz", "enga", "engl", "entspr", "env", "eq", "eqs", "esim", "esp",
    "evt", "evtl", "excl", "excma", "excmo", "exkl", "exma", "exmo", "f.d", "f.eks", "fasc", "fig", "figs", "fl",
    "fls", "fr", "fr.o.m", "frl", "frz", "geb", "gegr", "geom", "gest", "ggf", "gl", "gm", "godz", "gosp", "gral",
    "griech", "gđa", "gđica", "hfdst", "hg", "hhv", "hj", "hlm", "hr", "hrn", "hrsg", "huom", "i.c", "i.d.r", "i.e",
    "i.v.m", "ie", "ifj", "ift", "iht", "ilma", "ilmo", "incl", "ing", "inkl", "insb", "insbes", "insp", "inż", "jew",
    "jf", "jfr", "jg", "judr", "jämf", "kab", "kap", "kb", "kec", "kgl", "kl", "klo", "kpt", "ks", "köt", "lic",
    "lieut", "lk", "lpp", "lt", "m.a.w", "m.b.t", "m.in", "mah", "messrs", "mevr", "mgr", "mht", "mj", "mlle",
    "mlles", "mme", "mmes", "mr", "mrs", "ms", "msgr", "mssrs", "mt", "mudr", "mvdr", "mw", "mx", "müh", "n.b",
    "nachm", "napr", "např", "ndr", "nk", "nl", "np", "npr", "nr", "nrn", "nrs", "ns", "nt", "ntra", "nám", "núm",
    "núms", "o.a", "o.j", "obr", "obs", "odst", "ong", "oz", "p.ej", "p.ex", "p.g.a", "paeddr", "pag", "pagg", "pdte",
    "per.es", "pfc", "pga", "phdr", "piem", "pkt", "pl", "popř", "por", "pow", "pp", "pr", "prof", "profa", "profs",
    "pt", "puh", "pvt", "pvz", "pza", "pàg", "pág", "págs", "písm", "płk", "příp", "q.v", "resp", "rn", "rndr",
    "rozdz", "roč", "rys", "rz", "réf", "s.k", "s.o", "s.u", "scil", "sdr", "sf", "sgt", "sgto", "sid", "sigg", "skt",
    "sml", "sn", "sog", "sogen", "sok", "spett", "sr", "sra", "sras", "sres", "srs", "srta", "st", "ste", "stk",
    "stol", "str", "sts", "suppl", "supt", "sv", "synt", "szt", "séc", "t.a.v", "t.d.s", "t.e", "t.ex", "t.j",
    "t.o.m", "t.y", "tel", "tfno", "tgl", "ti", "tj", "tlf", "toim", "tr", "trad", "ts", "tte", "tzn", "tzv", "tzw",
    "tél", "tř", "u.a", "u.u.v", "ud", "udg", "uds", "ul", "univ", "uppl", "urspr", "v.d", "v.gr", "v.l", "vd", "vds",
    "vedr", "verf", "verh", "verl", "vermutl", "versch", "vgl", "viz", "vnl", "vorm", "vrt", "vs", "vt", "vö",
    "w.r.t", "wg", "woj", "wyd", "yrd", "yth", "yzb", "z.b", "zgn", "ziff", "zm", "zob", "zw", "zzgl", "zzt", "zák",
    "årg", "çev", "éd", "édit", "örn", "özv", "ún", "č", "čís", "św", "şek", "άρθρ", "αγ", "αντ", "αρ", "βλ", "δηλ",
    "δρ", "εικ", "κα", "καθ", "κεφ", "κος", "λ.χ", "λεωφ", "οδ", "π.χ", "παρ", "πβ", "πχ", "σελ", "στρ", "σχ", "τηλ",
    "υπ", "адм", "акад", "англ", "арх", "б.р", "бр", "буд", "бул", "вул", "вып", "гл", "греч", "д-р", "дер", "див",
    "дипл", "докт", "доц", "зав", "зам", "засл", "зб", "изд", "ил", "илл", "инж", "канд", "кап", "кв", "корп", "лат",
    "лейт", "мр", "мс", "мыс", "наб", "напр", "нар", "нач", "нпр", "оз", "отд", "оф", "пер", "пл", "полк", "пос",
    "просп", "проф", "разг", "разд", "ред", "рус", "св", "сер", "см", "ср", "ст", "стр", "студ", "т.е", "т.зв", "т.к",
    "т.н", "т.нар", "табл", "тел", "тзв", "тов", "тј", "укр", "ул", "устар", "фр", "франц", "чл", "ім", "أ", "ا", "ت",
    "تح", "ج", "د", "ص", "ط", "ق", "م", "आई", "आर", "इ", "ई", "उदा", "ए", "एच", "एन", "एफ", "एम", "एल", "एस", "ओ",
    "कु", "के", "क्र", "जी", "जे", "टी", "डा", "डी", "डॉ", "नं", "पं", "पी", "पृ", "प्रो", "बी", "मो", "यू", "रु",
    "रू", "वी", "श्री", "श्रीमती", "सं", "सी", "सुश्री", "আই", "আর", "এ", "এন", "এম", "এল", "এস", "কে", "জে", "টি",
    "ড", "ডা", "ডি", "নং", "পি", "পৃ", "প্রো", "বি", "মি", "মিসেস", "মো", "সি", "ਡਾ", "ਪ੍ਰੋ", "ਸ੍ਰੀ", "ડાॅ", "ડૉ",
    "ડો", "પ્રો", "શ્રી", "ஆர்", "எ.கா", "என்", "எம்", "எல்", "எஸ்", "ஏ", "கே", "சி", "ஜி", "ஜே", "டி", "திரு",
    "திருமதி", "பி", "வி", "ఆర్", "ఎం", "ఎన్", "ఎల్", "ఎస్", "కె", "జె", "టి", "డా", "డి", "పి", "బి", "శ్రీ", "సి",
    "ಎಂ", "ಎಸ್", "ಡಾ", "ಶ್ರೀ", "എം", "എസ്", "ഡా", "ഡോ", "പ്രൊഫ", "ബി", "ശ്രീ", "აკად", "გვ", "ე.ი", "მაგ", "პროფ",
];

/// A sentence ends after these only if the next word begins one.
#[rustfmt::skip]
pub(crate) const OFTEN: &[&str] = &[
    "aa", "abr", "aj", "al", "apod", "apr", "arch", "atd", "aug", "av", "ave", "bhf", "blvd", "bros", "bt", "cc",
    "chr", "cia", "cit", "co", "corp", "cía", "dd", "dec", "dez", "dgl", "dic", "dir", "dll", "dsb", "dst", "déc",
    "ecc", "ed", "eds", "ene", "eng", "enz", "esq", "etc", "ex", "feb", "febr", "fev", "ff", "ft", "févr", "gen",
    "giu", "hab", "hbf", "hno", "hnos", "hod", "hwy", "ibid", "id", "ill", "inc", "ipd", "itd", "itp", "jahrh", "jan",
    "janv", "jh", "jhd", "jl", "jms", "jne", "jr", "juill", "jul", "jun", "kft", "kpl", "kt", "ktp", "kč", "lat",
    "ltd", "ltda", "lug", "mdr", "mfl", "mia", "mil", "milj", "mio", "ml", "mld", "mln", "mrd", "mv", "nov", "nyrt",
    "oct", "okt", "osv", "ott", "pod", "rd", "rr", "sek", "sep", "sept", "sig", "ss", "st.a", "sta", "stb", "std",
    "sto", "sz", "thu", "tis", "tms", "tsd", "tue", "tys", "u.s.w", "ur", "usf", "usw", "utt", "uu", "vad", "vb",
    "ym", "yms", "yy", "zrt", "zł", "şti", "αι", "δισ", "εκ", "εκατ", "κ.ά", "κ.α", "κ.λπ", "κλπ", "λπ", "μ.μ", "μ.χ",
    "π.μ", "χιλ", "букв", "вв", "гг", "гр", "грн", "долл", "др", "им", "итд", "кг", "коп", "лв", "мин", "млн", "млрд",
    "н.э", "нем", "обл", "пр", "рр", "руб", "сек", "т.б", "т.д", "т.п", "т.с.с", "тис", "тыс", "чел", "экз", "ін",
    "إلخ", "الخ", "ق.م", "هـ", "খ্রি", "கி.பி", "கி.மு", "ა.შ", "ხ.ს",
];

/// These are words too, and abbreviations only before a number.
#[rustfmt::skip]
pub(crate) const BEFORE_NUMBERS: &[&str] = &[
    "ago", "app", "arr", "art", "arts", "artt", "bk", "cap", "ch", "chap", "chs", "div", "dot", "est", "ext", "fax",
    "fol", "gem", "god", "int", "lib", "ll", "mar", "max", "min", "mind", "máx", "mín", "no", "nos", "ok", "old",
    "op", "org", "os", "out", "par", "para", "paras", "pars", "pg", "pos", "pts", "ref", "reg", "rm", "sec", "secs",
    "ser", "set", "tab", "vol", "vols", "год", "ок", "пункт", "рис", "род", "ум",
];

/// These are words too, and titles only if they and the next word are capitalised.
#[rustfmt::skip]
pub(crate) const TITLES: &[&str] = &[
    "amb", "bs", "col", "doc", "gent", "gov", "gs", "hon", "ir", "mag", "maj", "mm", "on", "pgs", "pres", "rep",
    "reps", "rev", "sen", "sens", "ths", "tp", "ген",
];
