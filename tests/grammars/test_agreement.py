"""The agreement grammars against an independent reading of their sentences: word lists and patterns written by hand."""

from __future__ import annotations

import itertools
import re
import tracemalloc
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from nlprnn.grammars.agreement import CONSTRUCTIONS, agreement_corpus, agreement_items, constructions, is_held_out
from nlprnn.grammars.agreement_languages import ENGLISH, PORTUGUESE, Language
from nlprnn.grammars.notation import Reader

CORPUS = Path(__file__).parents[2] / "corpora" / "agreement.txt"


def listed(words: str) -> list[str]:
    return words.split()


def paired(pairs: str) -> list[tuple[str, str]]:
    """ "key/keys box/boxes" as pairs of a singular and a plural."""
    return [(one, more) for one, more in (pair.split("/") for pair in pairs.split())]


@dataclass
class Reading:
    """What a reader of one language knows, apart from the grammar under test.

    `classes` are strings of letters: D determiner, A adjective, N noun, P preposition, V verb, S verb of saying,
    T that, C and, `,` comma, o other. `np` is a noun phrase of them.
    """

    language: Language
    nouns: list[tuple[str, str]]
    verbs: list[tuple[str, str, str]]  # singular, plural, lemma
    said: dict[str, str]  # forms that serve both numbers -> lemma
    classes: dict[str, str]
    np: str
    distinct: set[str]  # constructions whose items are no others' as well
    per_construction: int

    def __post_init__(self) -> None:
        self.singular_of = {more: one for one, more in self.nouns}
        self.classes = self.classes | {form: "N" for pair in self.nouns for form in pair}
        self.classes |= {form: "V" for *pair, _ in self.verbs for form in pair if form not in self.classes}
        self.lemma_of = self.said | {form: lemma for *pair, lemma in self.verbs for form in pair}
        self.forms = {"singular": {one for one, _, _ in self.verbs}, "plural": {more for _, more, _ in self.verbs}}
        np, rest = self.np, "[^VSTC]*"
        # pattern over word classes -> for each verb in order, which noun of the sentence is its subject
        self.patterns = {
            f"{np}(P{np})*V{rest}": (0,),
            f"{np},P{np}(P{np})?,V{rest}": (0,),
            f"{np}TV{np}V{rest}": (0, 0),
            f"{np}T?{np}VV{rest}": (1, 0),
            f"{np}V({np})?CV{rest}": (0, 0),
            f"{np}ST?{np}V{rest}": (0, 1),
        }
        self.shapes = {
            "simple": f"{np}V",
            **{f"prepositional_{k}": f"{np}(P{np}){{{k}}}V" for k in range(1, 5)},
            "adverbial": f"{np},P{np},V",
            "adverbial_long": f"{np},P{np}P{np},V",
            "subject_relative": f"{np}TV{np}V",
            "object_relative_that": f"{np}T{np}VV",
            "object_relative_bare": f"{np}{np}VV",
            "inside_object_relative_that": f"{np}T{np}V",
            "inside_object_relative_bare": f"{np}{np}V",
            "coordination_short": f"{np}VCV",
            "coordination_long": f"{np}V{np}CV",
            "sentential_complement": f"{np}ST?{np}V",
        }

    def words(self, sentence: str) -> list[str]:
        return sentence.removesuffix(".").split()

    def tagged(self, words: list[str]) -> list[tuple[str, int]]:
        """(class, index of its word) for each class letter; a contraction such as *dos* has the two of *de os*."""
        tags = []
        for index, (word, following) in enumerate(zip(words, [*words[1:], "."], strict=True)):
            letters = self.classes[word]
            if (word, following) in (("ao", "lado"), ("em", "frente")):
                letters = ""
            if word == "a" and self.language is PORTUGUESE and self.classes.get(following, "")[:1] == "D":
                letters = "P"  # the preposition, "em frente a um hotel"
            tags += [(letter, index) for letter in letters]
        return tags

    def read(self, sentence: str) -> list[tuple[int, int]]:
        """(word index of the subject, word index of its verb) for each verb of a sentence."""
        tags = self.tagged(self.words(sentence))
        classes = "".join(letter for letter, _ in tags)
        subjects = next(order for pattern, order in self.patterns.items() if re.fullmatch(pattern, classes))
        nouns = [index for letter, index in tags if letter == "N"]
        verbs = [index for letter, index in tags if letter in "VS"]
        return [(nouns[subject], verb) for subject, verb in zip(subjects, verbs, strict=True)]

    def lemmas(self, sentence: str) -> set[tuple[str, str]]:
        words = self.words(sentence)
        return {(self.lemma(words[s]), self.lemma_of[words[v]]) for s, v in self.read(sentence)}

    def lemma(self, noun: str) -> str:
        return self.singular_of.get(noun, noun)

    def number(self, noun: str) -> str:
        return "plural" if noun in self.singular_of else "singular"

    def numbers_between(self, words: list[str], start: int, end: int) -> list[str]:
        return [self.number(word) for word in words[start + 1 : end] if self.classes[word] == "N"]


def classes_of(**words: str) -> dict[str, str]:
    return {word: letters for letters, members in words.items() for word in members.split()}


S_VERBS = listed(
    """seem look remain stand belong laugh swim smile sing dance work sleep wait like love hate know see need
    remember"""
)
IN_ENGLISH = Reading(
    ENGLISH,
    paired(
        """writer/writers author/authors painter/painters reader/readers poet/poets man/men woman/women boy/boys
        girl/girls child/children teacher/teachers doctor/doctors officer/officers guard/guards friend/friends
        student/students farmer/farmers driver/drivers lawyer/lawyers soldier/soldiers book/books story/stories
        letter/letters picture/pictures song/songs novel/novels table/tables car/cars key/keys chair/chairs box/boxes
        cabinet/cabinets tree/trees boat/boats bag/bags clock/clocks house/houses garden/gardens room/rooms
        school/schools church/churches store/stores office/offices"""
    ),
    [("is", "are", "be"), ("was", "were", "be"), ("has", "have", "have"), ("watches", "watch", "watch")]
    + [(verb + "s", verb, verb) for verb in S_VERBS],
    {"said": "say", "thought": "think", "knew": "know"},
    classes_of(
        D="the my your our his her their a an this these those",
        A="""old beautiful wonderful strange young famous happy tired tall angry proud new long short small heavy white
        large quiet""",
        P="near behind beside in of",
        S="said thought knew",
        T="that",
        C="and",
        o="now today again here often alone every day to been",
    ),
    "DA*N",
    set(CONSTRUCTIONS) - {"inside_object_relative_that", "inside_object_relative_bare"},
    200,
)

MASCULINE = paired(
    """escritor/escritores autor/autores poeta/poetas irmão/irmãos amigo/amigos vizinho/vizinhos homem/homens
    menino/meninos professor/professores médico/médicos rapaz/rapazes alemão/alemães livro/livros romance/romances
    jornal/jornais poema/poemas carro/carros armário/armários barco/barcos relógio/relógios avental/aventais
    violão/violões jardim/jardins hotel/hotéis hospital/hospitais escritório/escritórios jantar/jantares
    concerto/concertos encontro/encontros"""
)
FEMININE = paired(
    """escritora/escritoras autora/autoras tradutora/tradutoras irmã/irmãs amiga/amigas vizinha/vizinhas
    mulher/mulheres menina/meninas professora/professoras médica/médicas atriz/atrizes criança/crianças carta/cartas
    história/histórias peça/peças crônica/crônicas mesa/mesas cadeira/cadeiras caixa/caixas chave/chaves bolsa/bolsas
    mala/malas casa/casas escola/escolas igreja/igrejas estação/estações aula/aulas festa/festas reunião/reuniões"""
)
GENDER_OF = {f: g for g, nouns in (("m", MASCULINE), ("f", FEMININE)) for pair in nouns for f in pair}
# masculine and feminine, singular and plural: -o -a -os -as
FOUR_FORMS = listed(
    """estranho bonito famoso alto simpático longo curto novo velho pequeno pesado branco moderno tranquilo cansado
    ocupado nervoso pronto completo perdido limpo sujo molhado cheio vazio fechado animado atrasado"""
)
PARTICIPLES = listed("escrito lido comprado vendido visitado organizado")
TWO_FORMS = paired(
    """agradável/agradáveis elegante/elegantes inteligente/inteligentes gentil/gentis jovem/jovens
    interessante/interessantes importante/importantes grande/grandes azul/azuis feliz/felizes triste/tristes
    doente/doentes"""
)
ENDINGS = {"o": "m singular", "a": "f singular", "os": "m plural", "as": "f plural"}
ADJECTIVES = {word[:-1] + end: {fits} for word in FOUR_FORMS + PARTICIPLES for end, fits in ENDINGS.items()}
ADJECTIVES |= {one: {"m singular", "f singular"} for one, _ in TWO_FORMS}
ADJECTIVES |= {more: {"m plural", "f plural"} for _, more in TWO_FORMS}
DETERMINERS = {
    form: fits
    for fits, forms in {
        "m singular": "o este meu nosso seu um do no ao deste neste pelo",
        "f singular": "a esta minha nossa sua uma da na à desta nesta pela",
        "m plural": "os estes meus nossos seus alguns dos nos aos destes nestes pelos",
        "f plural": "as estas minhas nossas suas algumas das nas às destas nestas pelas",
    }.items()
    for form in forms.split()
}
CONTRACTED = listed("do da dos das no na nos nas ao à aos às deste desta destes destas neste nesta nestes nestas")
IN_PORTUGUESE = Reading(
    PORTUGUESE,
    MASCULINE + FEMININE,
    [
        (*pair, lemma)
        for pair, lemma in zip(
            paired(
                """é/são era/eram foi/foram está/estão estava/estavam tem/têm fica/ficam parece/parecem
                continua/continuam pertence/pertencem diz/dizem acha/acham sabe/sabem trabalha/trabalham canta/cantam
                dança/dançam dorme/dormem sorri/sorriem estuda/estudam descansa/descansam começa/começam
                termina/terminam conhece/conhecem admira/admiram vê/veem procura/procuram ajuda/ajudam visita/visitam
                lê/leem usa/usam compra/compram gosta/gostam precisa/precisam"""
            ),
            listed(
                """ser ser ser estar estar ter ficar parecer continuar pertencer dizer achar saber trabalhar cantar
                dançar dormir sorrir estudar descansar começar terminar conhecer admirar ver procurar ajudar visitar
                ler usar comprar gostar precisar"""
            ),
            strict=True,
        )
    ],
    {},
    dict.fromkeys(ADJECTIVES, "A")
    | dict.fromkeys(DETERMINERS, "D")
    | dict.fromkeys([*CONTRACTED, *listed("pelo pela pelos pelas")], "PD")
    | classes_of(P="de em com sobre durante para", S="diz dizem acha acham sabe sabem", T="que", C="e")
    | dict.fromkeys(listed("perto lado atrás frente depois antes"), "")  # "de" or "a" follows
    | dict.fromkeys(listed("muito hoje agora ontem cedo tarde todos dias noite muitas vezes"), "o")
    | {",": ","},
    "DNo?A?",
    set(CONSTRUCTIONS) - {"inside_object_relative_that"},
    40,
)


@cache
def portuguese_sentences() -> list[str]:
    return list(agreement_corpus(2000, 1, PORTUGUESE))


@pytest.fixture(scope="module", params=[IN_ENGLISH, IN_PORTUGUESE], ids=["english", "portuguese"])
def reading(request) -> Reading:
    return request.param


@pytest.fixture(scope="module")
def suite(reading):
    return agreement_items(lambda word: True, reading.per_construction, language=reading.language)


@pytest.fixture(scope="module")
def corpus(reading) -> list[str]:
    if reading.language is ENGLISH:
        return CORPUS.read_text(encoding="utf-8").splitlines()
    return portuguese_sentences()


def test_the_shipped_corpus_is_byte_for_byte_what_the_generator_makes():
    made = "".join(f"{sentence}\n" for sentence in agreement_corpus(18_000, 1)).encode()
    assert made == CORPUS.read_bytes()
    assert 500_000 < len(made) < 1_200_000


def test_every_verb_of_the_corpus_agrees_with_its_subject(reading, corpus):
    for sentence in corpus:
        words = reading.words(sentence)
        for subject, verb in reading.read(sentence):
            forms = reading.forms[reading.number(words[subject])]
            assert words[verb] in forms or words[verb] in reading.said, sentence


def test_a_determiner_never_disagrees_with_its_noun_and_an_stands_before_vowels_only():
    for sentence in CORPUS.read_text(encoding="utf-8").splitlines():
        words = IN_ENGLISH.words(sentence)
        for index, word in enumerate(words):
            if word in ("a", "an", "this", "these", "those"):
                noun = next(w for w in words[index:] if IN_ENGLISH.classes[w] == "N")
                assert (IN_ENGLISH.number(noun) == "plural") == (word in ("these", "those")), sentence
            if word in ("a", "an"):
                assert (word == "an") == (words[index + 1][0] in "aeiou"), sentence


@pytest.fixture(scope="module")
def portuguese() -> list[str]:
    return portuguese_sentences()


def test_portuguese_articles_and_adjectives_have_the_gender_and_number_of_their_noun(portuguese):
    seen = set()
    for sentence in portuguese:
        words = IN_PORTUGUESE.words(sentence)
        tags = [(letter, words[index]) for letter, index in IN_PORTUGUESE.tagged(words) if letter != "o"]
        for (first, before), (second, noun), (third, after) in zip(tags, tags[1:], [*tags[2:], ("", "")], strict=False):
            if second == "N":
                assert first == "D" and DETERMINERS[before] == f"{GENDER_OF[noun]} {IN_PORTUGUESE.number(noun)}", (
                    sentence
                )
                if third == "A":
                    assert DETERMINERS[before] in ADJECTIVES[after], sentence
                    seen.add(after)
    assert len(seen) > 60


def test_portuguese_predicates_have_the_gender_and_number_of_the_subject_across_all_that_stands_between(portuguese):
    seen = set()
    for sentence in portuguese:
        words = IN_PORTUGUESE.words(sentence)
        for subject, verb in IN_PORTUGUESE.read(sentence):
            noun, following = words[subject], [*words, "."][verb + 1]
            if following in ADJECTIVES:
                assert f"{GENDER_OF[noun]} {IN_PORTUGUESE.number(noun)}" in ADJECTIVES[following], sentence
                seen.add(words[verb])
    assert seen >= {"é", "são", "está", "estavam", "foi", "foram", "parece", "continuam"}


def test_portuguese_is_written_with_contractions_in_nfc_and_lower_case_with_spaced_punctuation(portuguese):
    for sentence in portuguese:
        assert sentence == unicodedata.normalize("NFC", sentence).lower() and sentence.endswith(" .")
        assert not re.search(r"\b(de|em|por) (o|a|os|as|este|esta|estes|estas)\b|\ba (o|a|os|as)\b", sentence), sentence
        assert not re.search(r"\S[.,]|[.,]\S", sentence)
    used = {word for sentence in portuguese for word in sentence.split()}
    assert used >= {*CONTRACTED, "pelo", "pela", "pelos", "pelas"}


def test_the_portuguese_nouns_and_adjectives_of_both_grammars_are_inflected_alike():
    """Forms in the two grammars that share one are all the same; the translation grammar has its own tests."""

    def paradigms(name: str, category: str) -> set[tuple[str, ...]]:
        found = defaultdict(set)
        text = resources.files("nlprnn.grammars").joinpath(f"{name}.grammar").read_text(encoding="utf-8")
        for rule in Reader(text, name).rules:
            if rule.category == category and rule.forms:
                form = rule.words[0] if rule.target is None else str(rule.target[0])
                found[rule.line, rule.lemma].add((form, *rule.conditions["number"].values))
        return {tuple(sorted(form for form, *_ in forms)) for forms in found.values()}

    shared = 0
    for category in ("noun", "adjective"):
        ours, theirs = paradigms("agreement_portuguese", category), paradigms("translation", category)
        for mine in ours:
            shared += mine in theirs
            assert not any(set(mine) & set(other) for other in theirs if other != mine), mine
    assert shared > 40


def test_the_suites_noun_and_verb_combinations_never_occur_in_the_corpus(reading, corpus, suite):
    in_corpus = set().union(*map(reading.lemmas, corpus))
    asked = set()
    for item in suite:
        words = reading.words(item.good)
        subject = next(s for s, v in reading.read(item.good) if v == item.target)
        pair = reading.lemma(words[subject]), reading.lemma_of[words[item.target]]
        assert item.group == " ".join(pair)
        asked.add(pair)
    assert not asked & in_corpus
    assert not any(is_held_out(*pair, reading.language) for pair in in_corpus)
    some = {"be", "have", "like", "laugh"} if reading is IN_ENGLISH else {"ser", "estar", "ter", "gostar", "sorrir"}
    assert {verb for _, verb in asked} >= some and len(asked) > 100
    # what is held out are combinations: each noun and each verb occurs as subject and as verb
    assert {noun for noun, _ in in_corpus} == {noun for noun, _ in reading.nouns}
    assert {verb for _, verb in asked} <= {verb for _, verb in in_corpus}


def test_no_sentence_of_the_suite_is_in_the_corpus(corpus, suite):
    assert not {item.good for item in suite} & set(corpus)


def test_the_nearest_noun_is_a_good_but_misleading_cue_in_the_corpus(reading, corpus):
    agree = Counter()
    for sentence in corpus:
        words = reading.words(sentence)
        ((subject, verb), *others) = reading.read(sentence)
        between = reading.numbers_between(words, subject, verb)
        if between and not others:
            agree[between[-1] == reading.number(words[subject])] += 1
    assert 0.65 < agree[True] / agree.total() < 0.80


def test_attractors_and_matches_follow_the_definitions(reading, suite):
    for item in suite:
        words = reading.words(item.good)
        subject = next(s for s, v in reading.read(item.good) if v == item.target)
        between = reading.numbers_between(words, subject, item.target)
        assert item.subject == reading.number(words[subject])
        assert item.attractors == sum(n != item.subject for n in between)
        assert item.match == (not between or between[-1] == item.subject)
        assert len(between) == CONSTRUCTIONS[item.construction].between


def test_the_two_sentences_of_an_item_differ_in_the_verb_alone(reading, suite):
    plural_of = {one: more for one, more, _ in reading.verbs}
    for item in suite:
        good, bad = reading.words(item.good), reading.words(item.bad)
        assert [i for i, pair in enumerate(zip(good, bad, strict=True)) if pair[0] != pair[1]] == [item.target]
        singular, plural = (good, bad) if item.subject == "singular" else (bad, good)
        assert plural_of[singular[item.target]] == plural[item.target]
        assert item.target + 1 < len(good), "something follows the verb"


def test_no_determiner_of_the_english_suite_tells_a_number():
    suite = agreement_items(lambda word: True, 8)
    words = {word for item in suite for word in IN_ENGLISH.words(item.good)}
    assert not words & {"a", "an", "this", "these", "those"}


def test_each_construction_has_the_shape_of_its_name(reading, suite):
    assert {item.construction for item in suite} == set(constructions(reading.language))
    for item in suite:
        tags = reading.tagged(reading.words(item.good))
        classes = "".join(letter for letter, index in tags if index <= item.target)
        assert re.fullmatch(reading.shapes[item.construction], classes), item.good


def test_english_lacks_the_adverbials_and_portuguese_the_bare_relatives():
    bare = {"object_relative_bare", "inside_object_relative_bare"}
    assert set(CONSTRUCTIONS) - set(constructions(ENGLISH)) == {"adverbial", "adverbial_long"}
    assert set(CONSTRUCTIONS) - set(constructions(PORTUGUESE)) == bare


def test_items_are_distinct_and_balanced_over_subject_number_and_match(reading, suite):
    wanted, distinct = reading.per_construction, reading.distinct & set(constructions(reading.language))
    assert len({item.good for item in suite if item.construction in distinct}) == len(distinct) * wanted
    cells = defaultdict(Counter)
    for item in suite:
        cells[item.construction][item.match, item.attractors, item.subject] += 1
    for construction, counts in cells.items():
        for match, attractors, _ in counts:
            assert counts[match, attractors, "singular"] == counts[match, attractors, "plural"]
        matches = sum(n for (match, *_), n in counts.items() if match)
        between = CONSTRUCTIONS[construction].between
        assert counts.total() == wanted and matches == (wanted // 2 if between else wanted)
        assert {a for match, a, _ in counts if not match} == set(range(1, between + 1))
        most = sum(n for (match, a, _), n in counts.items() if not match and a == between)
        assert most >= wanted // 4 if between else most == 0


def test_items_use_only_words_that_the_model_knows():
    unknown = {"writer", "books", "likes", "beside", "tired", "soldiers", "was"}
    items = agreement_items(lambda word: word not in unknown, per_construction=20)
    used = {word for item in items for text in (item.good, item.bad) for word in IN_ENGLISH.words(text)}
    assert not used & (unknown | {"writers", "book", "like", "soldier", "were"})
    assert (items.nouns_known, items.nouns, items.verbs_known, items.verbs) == (40, 43, 24, 25)
    assert len(items) == 13 * 20 and not items.left_out


def test_portuguese_items_use_only_contractions_that_the_model_knows():
    unknown = {"dos", "na", "veem", "escritoras"}
    items = agreement_items(lambda word: word not in unknown, 8, language=PORTUGUESE)
    used = {word for item in items for text in (item.good, item.bad) for word in IN_PORTUGUESE.words(text)}
    assert not used & (unknown | {"vê", "escritora"}) and used >= {"do", "das"}
    assert (items.nouns_known, items.nouns, items.verbs_known, items.verbs) == (57, 58, 29, 30)
    assert len(items) == 13 * 8


def test_constructions_without_known_words_are_left_out_and_the_reason_is_told():
    items = agreement_items(lambda word: word != "that", per_construction=20)
    assert set(items.left_out) == {"subject_relative", "object_relative_that", "inside_object_relative_that"}
    assert all("known" in why for why in items.left_out.values())
    assert set(agreement_items(lambda word: False).left_out) == set(constructions(ENGLISH))


def test_items_depend_on_the_seed_alone():
    few = [agreement_items(lambda word: True, 8, seed).items for seed in (0, 0, 1)]
    assert few[0] == few[1] != few[2]


def test_the_corpus_depends_on_the_seed_alone(reading):
    first, again, endless, other = (
        agreement_corpus(sentences, seed, reading.language)
        for sentences, seed in ((50, 3), (50, 3), (10**12, 3), (50, 4))
    )
    lines = list(first)
    assert lines == list(again) == list(itertools.islice(endless, 50)) != list(other)


def test_the_corpus_is_made_in_constant_memory():
    sentences = agreement_corpus(10**9, 5)
    next(sentences)
    peaks = []
    tracemalloc.start()
    for count in (300, 1500):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in itertools.islice(sentences, count):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    assert max(peaks) < 1_000_000
