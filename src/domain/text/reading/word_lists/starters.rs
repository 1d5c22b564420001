//! Words that begin sentences, in lower case: pronouns, articles, prepositions and conjunctions. Capitalised, they
//! occur elsewhere only in titles and a few names.

use crate::domain::text::reading::letters::{WORD_BYTES_MAX, has, small};

/// Whether `word` begins sentences.
pub(crate) fn is_starter(word: &str) -> bool {
    small(word, &mut [0; WORD_BYTES_MAX]).is_some_and(|small| has(STARTERS, small))
}

/// The words sorted by bytes, for binary search.
#[rustfmt::skip]
pub(crate) const STARTERS: &[&str] = &[
    "a", "aber", "această", "acest", "aceste", "además", "af", "after", "ainsi", "ako", "al", "ale", "all", "alla",
    "alle", "allerdings", "allora", "alors", "als", "also", "although", "além", "am", "ama", "amikor", "an", "ancak",
    "anche", "and", "anh", "another", "antes", "ao", "apoi", "après", "aquel", "as", "assim", "astfel", "así", "at",
    "atunci", "até", "au", "auch", "auf", "aunque", "aus", "aux", "außerdem", "av", "avant", "avec", "ayrıca", "az",
    "azonban", "až", "because", "before", "bei", "beide", "ben", "bir", "bis", "biz", "both", "bu", "bunun", "but",
    "by", "byl", "byla", "bylo", "był", "była", "było", "bà", "böylece", "car", "ce", "cependant", "ces", "cet",
    "cette", "chez", "chi", "chúng", "chị", "ci", "co", "com", "come", "comment", "como", "con", "così", "cu",
    "cuando", "când", "da", "daar", "daarna", "dacă", "dal", "damit", "dan", "danach", "dann", "dans", "dar", "darum",
    "das", "dat", "de", "del", "dem", "den", "denna", "denne", "depois", "depuis", "der", "deras", "deres", "derfor",
    "des", "desde", "deshalb", "después", "dessa", "det", "detta", "dette", "deze", "dia", "die", "dies", "diese",
    "dieser", "dieses", "din", "disse", "dit", "dla", "dlaczego", "dlatego", "do", "doch", "dock", "dog", "donc",
    "door", "dopo", "dort", "dove", "du", "după", "during", "dus", "där", "därför", "dónde", "ea", "each", "echter",
    "een", "efter", "egli", "ei", "ein", "eine", "einer", "eines", "el", "ela", "elas", "ele", "eles", "elk", "ella",
    "ellas", "elle", "elles", "ellos", "em", "embora", "en", "enquanto", "ensuite", "entonces", "então", "er", "era",
    "es", "esa", "ese", "eso", "essa", "esta", "estas", "este", "esto", "estos", "et", "ett", "eu", "everyone", "ez",
    "ezután", "ezért", "eğer", "ešte", "fakat", "finally", "foi", "for", "fra", "from", "från", "fue", "furthermore",
    "för", "før", "für", "gdy", "gdzie", "gestern", "gisteren", "gli", "ha", "haar", "han", "hans", "hasta", "hay",
    "he", "hennes", "her", "here", "het", "heute", "hier", "hij", "his", "hoe", "hoewel", "hogy", "hon", "how",
    "however", "hun", "hva", "hvad", "hvorfor", "há", "hän", "hänen", "här", "họ", "i", "ia", "ich", "ieri", "if",
    "ihr", "ihre", "ik", "ikke", "il", "ils", "im", "in", "infine", "ini", "innan", "instead", "inte", "io", "isso",
    "isto", "it", "its", "itu", "ja", "jag", "jak", "je", "jede", "jeder", "jednak", "jedoch", "jeg", "jego", "jeho",
    "jej", "jejich", "její", "jest", "jeśli", "jeżeli", "jij", "jika", "joka", "jos", "jsou", "już", "já", "kaikki",
    "kami", "każdy", "kde", "kdo", "když", "kein", "keine", "ketika", "keď", "khi", "kiedy", "kita", "kto",
    "kuitenkin", "kuka", "kun", "la", "las", "later", "le", "lei", "les", "leur", "leurs", "lo", "loro", "lorsque",
    "los", "luego", "lui", "ma", "maar", "mais", "majd", "man", "many", "mas", "me", "meanwhile", "med", "mein",
    "men", "mentre", "mereka", "mert", "met", "mezi", "mi", "mientras", "mijn", "miksi", "mikä", "minden", "minä",
    "missä", "mit", "miután", "między", "moni", "moreover", "most", "mutta", "muy", "my", "myös", "már", "na", "naar",
    "nach", "nad", "namun", "nas", "następnie", "nasıl", "ne", "neden", "nel", "nella", "nem", "nevertheless",
    "nhưng", "ni", "nie", "niet", "niin", "no", "nobody", "noch", "noi", "non", "nos", "nosotros", "not", "notre",
    "nous", "now", "nu", "nun", "nur", "não", "nämä", "när", "når", "nó", "nós", "nếu", "o", "ob", "obwohl", "också",
    "od", "oggi", "ogni", "også", "oli", "om", "omdat", "on", "ona", "once", "onde", "one", "oni", "onlar", "ono",
    "ook", "op", "os", "our", "over", "où", "pak", "par", "para", "pe", "pendant", "pentru", "per", "perché", "pero",
    "però", "po", "podle", "poi", "por", "porque", "potem", "pour", "pourquoi", "pourtant", "prima", "pro", "proto",
    "proč", "przez", "przy", "puis", "på", "při", "quand", "quando", "que", "quella", "quello", "quem", "questa",
    "queste", "questi", "questo", "qui", "quién", "qué", "sa", "sans", "sau", "schon", "se", "segundo", "según",
    "sein", "seine", "seit", "selon", "sen", "ses", "setelah", "seu", "several", "she", "si", "sie", "siksi", "since",
    "sinds", "sinä", "sitten", "siz", "so", "sobre", "som", "some", "son", "sonra", "sous", "später", "still", "su",
    "sua", "such", "sul", "suo", "sur", "sus", "så", "są", "ta", "tak", "také", "także", "también", "te", "ten",
    "terwijl", "tetapi", "też", "that", "the", "their", "then", "there", "therefore", "these", "they", "this",
    "those", "three", "thus", "ti", "til", "till", "to", "toch", "today", "todo", "todos", "toen", "tous", "tout",
    "toutefois", "toutes", "trotzdem", "trước", "tu", "tuo", "tuttavia", "tutti", "two", "ty", "tämä", "tôi", "tú",
    "uit", "um", "uma", "un", "una", "und", "under", "une", "uno", "unos", "unter", "usted", "už", "v", "vad",
    "vandaag", "varför", "ve", "ved", "veel", "vi", "vid", "viele", "você", "voi", "volgens", "von", "vor", "votre",
    "vous", "vy", "však", "všichni", "w", "waar", "waarom", "warum", "was", "wat", "we", "według", "weil", "wenn",
    "wer", "what", "when", "where", "which", "while", "who", "why", "wie", "wij", "wir", "with", "więc", "wo",
    "wszyscy", "wtedy", "wy", "während", "ya", "yesterday", "yet", "yo", "you", "z", "ze", "zij", "zijn", "zu", "zum",
    "zur", "à", "çünkü", "él", "én", "így", "în", "ông", "önce", "över", "über", "đó", "ő", "ők", "şu", "ένα", "ένας",
    "έπειτα", "έτσι", "ήταν", "αλλά", "αν", "από", "αυτή", "αυτοί", "αυτό", "αυτός", "για", "γιατί", "δεν", "είναι",
    "εδώ", "εκεί", "η", "θα", "κάθε", "με", "μετά", "μια", "να", "ο", "οι", "πριν", "πώς", "σε", "στη", "στην", "στο",
    "στον", "τα", "την", "της", "το", "τον", "του", "των", "τότε", "όλοι", "όμως", "όταν", "а", "ако", "але", "без",
    "был", "была", "были", "было", "в", "вже", "ви", "вие", "во", "вона", "вони", "воно", "все", "всё", "всі", "вы",
    "від", "він", "где", "де", "для", "до", "его", "если", "её", "з", "затем", "защото", "здесь", "зі", "из", "их",
    "його", "каждый", "как", "когато", "когда", "кожен", "коли", "кто", "към", "между", "ми", "мы", "між", "на",
    "над", "не", "ние", "но", "о", "об", "обаче", "однак", "однако", "он", "она", "они", "оно", "от", "по", "под",
    "после", "потом", "потім", "почему", "поэтому", "при", "про", "під", "після", "с", "след", "со", "със", "та",
    "тази", "так", "также", "там", "те", "тези", "тепер", "теперь", "ти", "това", "тогда", "тоді", "той", "тому",
    "тот", "тут", "ты", "тя", "у", "уже", "усі", "хто", "це", "цей", "ця", "ці", "через", "чому", "что", "ще", "що",
    "эта", "эти", "это", "этот", "я", "якщо", "є", "із", "її",
];
