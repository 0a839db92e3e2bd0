"""Valid code that a grammar alone would object to: macros, conditionals, and syntax newer than it."""

from __future__ import annotations

import pytest

from aiplane.code.macros import Macros, TooMuchError
from aiplane.code.newer_syntax import in_older_syntax
from aiplane.code.syntax_program import faults

MACROS = {
    "rep": (
        "cpp",
        r"""#include <bits/stdc++.h>
using namespace std;
#define rep(i, n) for (int i = 0; i < (n); ++i)
#define REP(i,a,b) for(int i=(a);i<(b);i++)
#define all(x) (x).begin(), (x).end()
#define pb push_back
#define int long long
#define ff first
#define endl '\n'
typedef pair<int,int> pii;
signed main() {
    ios::sync_with_stdio(false);
    int n; cin >> n;
    vector<pii> a;
    rep(i, n) { int x, y; cin >> x >> y; a.pb({x, y}); }
    sort(all(a));
    rep(i, n)
        rep(j, i) if (a[i].ff > a[j].ff) cout << i << endl;
    REP(k, 1, n) cout << a[k].ff << " ";
    return 0;
}
""",
    ),
    "begin": (
        "cpp",
        r"""#include <cstdio>
#define BEGIN {
#define END }
#define FOREVER for (;;)
#define IN(x) int x; scanf("%d", &x)
#define unless(c) if (!(c))
int main() BEGIN
    IN(n);
    FOREVER BEGIN
        unless (n > 0) break;
        n--;
    END
    return 0;
END
""",
    ),
    "read": (
        "cpp",
        r"""#include <iostream>
#include <vector>
#define read(...) int __VA_ARGS__; in(__VA_ARGS__)
#define each(x, v) for (auto &x : v)
#define fn auto
#define lambda [&]
#define dbg(x) std::cerr << #x << "=" << (x) << "\n";
#define CAT(a, b) a##b
#define TEST(name) void CAT(test_, name)()
template <class... T> void in(T &...t) { (std::cin >> ... >> t); }
TEST(one) { dbg(1) dbg(2) }
fn main() -> int {
    read(n, m);
    std::vector<int> v(n);
    each(x, v) std::cin >> x;
    auto f = lambda (int q) { return q + m; };
    dbg(f(1))
    test_one();
}
""",
    ),
    "multi": (
        "c",
        r"""#include <stdio.h>
#define LIST(X) \
    X(RED) \
    X(GREEN)
#define AS_ENUM(name) name,
#define AS_CASE(name) case name: return #name;
#define SWAP(T, a, b) do { T t_ = a; a = b; \
    b = t_; } while (0)
#define loop(i, n) for (int i = 0; i < n; i++)
enum color { LIST(AS_ENUM) };
const char *name(enum color c) { switch (c) { LIST(AS_CASE) } return "?"; }
int main(void) {
    int a = 1, b = 2;
    SWAP(int, a, b);
    loop(i, 3) loop(j, 3) printf("%d %d\n", i, j);
    loop(k,
         2)
    {
        puts(name(k));
    }
    return a - b;
}
""",
    ),
    "cond": (
        "c",
        r"""#include <stdio.h>
#ifdef FAST
int f(int a) {
#else
int f(int b) {
    int a = b;
#endif
    return a;
}
int main(void) {
    int x = 1;
#if 0
    this is { no code
#else
    x = 2;
#endif
    if (x) {
#ifndef ONLINE
        puts("a");
    } else {
#endif
        puts("b");
    }
    return f(x) - 2;
}
""",
    ),
    "cstmt": (
        "c",
        r"""#include <stdlib.h>
#define NEW(T) ((T *)malloc(sizeof(T)))
#define for_each(p, l) for (struct node *p = (l); p; p = p->next)
#define let const int
#define then {
#define fi }
struct node { struct node *next; int v; };
int sum(struct node *l) {
    let z = 0; int s = z;
    for_each(p, l) s += p->v;
    for_each(q, l) { if (q->v > 3) then s++; fi }
    return s;
}
int main(void) { struct node *n = NEW(struct node); n->next = 0; n->v = 4; return sum(n) - 5; }
""",
    ),
}
"""Programs that compile, whose macros stand for what no grammar takes for a statement."""

NEWER = [
    (
        "java",
        "class A { int f(Object o) { return switch (o) { case Integer _, Long _ -> 3; default -> 4; }; } }",
    ),
    (
        "java",
        "class A { int f(Object o) { return switch (o) { case B _, C.D _ when x -> 3; default -> 4; }; } }",
    ),
    (
        "cpp",
        (
            "template <class... Ts> struct overloaded : Ts... { using Ts::operator()...; };\n"
            "template <class... Ts> overloaded(Ts...) -> overloaded<Ts...>;\n"
        ),
    ),
    ("cpp", "template <class... Bs> struct D : Bs... {\n  using Bs::Bs...;\n  using Bs::f ...;\n};\n"),
    (
        "java",
        (
            "class A { int f(Object o) { return switch (o) { case final String s -> 1; case "
            "Integer i when i > 3 -> 2; default -> 0; }; } }"
        ),
    ),
    (
        "java",
        (
            "class A { int f(Object o) { return switch (o) { case A.P(int x, var y) -> x; "
            "default -> 0; }; } record P(int x, int y) {} }"
        ),
    ),
    (
        "java",
        (
            "class A { record P(int x, int y) {} int f(Object o) { if (o instanceof P(int x, "
            "int y) && x > 1) return x; if (o instanceof A.P(var x, var y)) return y; return "
            "0; } }"
        ),
    ),
    ("java", "import module java.base;\nclass A {}"),
    ("java", "class B extends A { B(int x) { if (x < 0) throw new RuntimeException(); super(x); } }"),
    (
        "java",
        (
            "class A { int f(Object o) { try { return 1; } catch (Exception _) { return 2; } "
            "} int g(Object o) { return switch (o) { case P(int x, _) -> x; case String _ -> "
            "2; default -> 0; }; } record P(int x, int y) {} }"
        ),
    ),
    (
        "java",
        (
            "class A { void f(Object o) { if (o instanceof Box<String>(var s)) {} for (var x "
            ": java.util.List.of(1)) {} } record Box<T>(T t) {} }"
        ),
    ),
    ("rust", "fn f<'a>(x: &'a [i32]) -> impl Iterator<Item = &'a i32> + use<'a> { x.iter() }"),
    ("rust", "fn f<'a, T>(x: &'a [T]) -> impl Iterator<Item = &'a T> + use<'a, T> { x.iter() }"),
    (
        "rust",
        "fn f(a: Option<i32>) -> i32 { if let Some(x) = a && x > 1 && let Some(y) = a { x + y } else { 0 } }",
    ),
    ("rust", 'unsafe extern "C" { safe fn f(x: i32) -> i32; unsafe fn g(); }'),
    ("rust", "fn f() { let g = async |x: i32| x + 1; let h = async move || {}; }"),
    ("rust", "fn f() { let mut x = 1; let p = &raw const x; let q = &raw mut x; }"),
    ("cpp", "constexpr int f() { if consteval { return 1; } else { return 2; } }"),
    (
        "cpp",
        (
            "struct A { template <typename S> auto& f(this S&& self) { return self.x; } int "
            "x; void g(this auto& self) {} };"
        ),
    ),
    ("cpp", "auto f = [](int x) static { return x; };"),
    (
        "cpp",
        "struct M { int operator[](int i, int j) const { return i + j; } }; int f(M m) { return m[1, 2]; }",
    ),
    ("cpp", "void f(int x) { auto y = auto(x); auto z = auto{x}; }"),
    ("cpp", "template <class... T> auto f(T... t) -> T...[0] { return t...[0]; }"),
    ("cpp", "auto f = [] [[nodiscard]] (int x) { return x; }; auto g = [] mutable { };"),
    (
        "cpp",
        (
            "template <typename T> concept C = requires(T a) { a + a; { a.size() } -> "
            "std::convertible_to<int>; }; template <C T> T f(T x) requires C<T> { return x; "
            "} void g(C auto x) {}"
        ),
    ),
    ("cpp", "export module m;\nexport int f() { return 1; }"),
    ("cpp", "struct A { static int operator()(int x) { return x; } };"),
    (
        "c",
        (
            "#include <stdio.h>\n[[nodiscard]] int f(void) { constexpr int x = 1; auto y = x; "
            "bool b = true; int *p = nullptr; return 0b101 + 1'000; }"
        ),
    ),
    ("c", "enum E : unsigned char { A, B };"),
    ("c", "int f(void) { int a[3] = {}; struct P p = {.x = 1, .y[2] = 3}; goto end; end: }"),
    ("c", "_BitInt(5) x = 3wb; unsigned _BitInt(7) y;"),
    ("c", "int f(int x) { switch (x) { case 1 ... 5: return 1; } return 0; }"),
    ("c", 'void f(void) { __asm__ volatile("nop" : : "r"(1) : "memory"); int x __attribute__((unused)); }'),
    ("go", "package main\nfunc f() { for i := range 10 { _ = i }; for range 3 {} }"),
    (
        "go",
        "package main\ntype Set[T comparable] = map[T]struct{}\ntype A[T interface{ *int }] struct{ x T }",
    ),
    ("go", "package main\nfunc f() { p := new(42); _ = p }"),
    ("go", 'package main\nimport "iter"\nfunc f(s iter.Seq[int]) { for x := range s { _ = x } }'),
    ("python", "class A[T = int, *Ts = *tuple[int]]: pass\ntype X[T: (int, str) = int] = T\n"),
    ("python", "type A[T] = list[T]\ndef f[T: int, *Ts, **P](a: T) -> T: return a\nclass C[T]: pass\n"),
    ("python", "try:\n    pass\nexcept A, B:\n    pass\n"),
    ("python", 'x = f"{f"{1}"} {\'\\n\'.join(a)} {d["k"]!r:>{w}} {x=}"\n'),
    ("python", 'x = t"hi {name}"\n'),
    ("python", "try:\n    pass\nexcept* ValueError as e:\n    pass\n"),
    (
        "javascript",
        (
            "@dec class A { @f accessor x = 1; @g() m() {} static { this.y = 1; } #p = 1; "
            "has(o) { return #p in o; } }"
        ),
    ),
    (
        "javascript",
        (
            "import x from './x.json' with { type: 'json' }; export * as ns from 'y'; import "
            "defer * as z from 'z';"
        ),
    ),
    ("javascript", "{ using x = f(); await using y = g(); }"),
    ("javascript", "const r = /[\\p{L}--[a-z]]/v; const s = /(?<y>\\d)\\k<y>/dgimsuy;"),
    (
        "typescript",
        (
            "import React from 'react';\nexport const App: React.FC<{a: number}> = ({ a }) => "
            "{ const [s, set] = useState<number>(0); return <div onClick={() => set(s + "
            "1)}>{a}</div>; };"
        ),
    ),
    ("typescript", "const x = <number>y; const z = y as unknown as string; const w = y!;"),
    (
        "typescript",
        (
            "interface A<in out T> { x: T; <U>(a: U): U; new (x: number): A<T>; get y(): "
            "number; set y(v: number); }"
        ),
    ),
    ("typescript", "function f<const T extends readonly unknown[]>(x: T): T { return x; }"),
    ("typescript", "const x = { a: 1 } satisfies Record<string, number>;"),
    ("typescript", "for (using y of z) { f(y); }"),
    (
        "typescript",
        "async function g() {\n  for (await\n using y of z) f(y);\n  for await (using $a of b) {}\n}",
    ),
    ("typescript", "export default abstract class {}"),
    ("typescript", "export default abstract class<T> extends B<T> { abstract f(): void; }"),
    ("typescript", "@dec\nexport default abstract class implements C { protected abstract x: number; }"),
    (
        "typescript",
        (
            "class A { accessor x = 1; @dec() y?: number; declare z: string; override m(): "
            "void {} constructor(private readonly q = 1) {} }"
        ),
    ),
    ("typescript", "const Row = ({ a }: P) => <td key={a as string}>{a!}</td>;"),
    (
        "typescript",
        "export function List<T>(p: { xs: T[] }) { return <>{p.xs.map((x) => <li>{`${x}`}</li>)}</>; }",
    ),
]
"""Code that today's compilers read."""

BROKEN = [
    (
        "cpp",
        "#define rep(i,n) for(int i=0;i<(n);++i)\nint main() {\n  rep(i, 3) { }\n  int x = (1 + ;\n}\n",
        4,
    ),
    ("cpp", "#define int long long\n#define all(x) begin(x)\nsigned main() {\n  return 0\n}\n", 4),
    ("c", "#define MAX 3\nint main(void) {\n  for (int i = 0; i < 3; i++ {\n  }\n}\n", 3),
    ("java", "class A {\n  int f( { return 1; }\n}\n", 2),
    ("java", "class A {\n  int f(int o) { return switch (o) { case , _ -> 3; }; }\n}\n", 2),
    ("cpp", "template <class... Ts> struct O : Ts... {\n  using ...;\n};\n", 2),
    ("rust", "fn f(x: i32) -> i32 {\n  let y = x +;\n  y\n}\n", 2),
    ("python", "x = 1\ny = = 2\n", 2),
    ("javascript", "function f(a {\n  return a;\n}\n", 1),
    ("typescript", "function f(a: number {\n  return a;\n}\n", 1),
    ("typescript", "const x = 1;\nconst y: = 3;\n", 2),
    ("typescript", "f();\nfor (using of) {}\n", 2),
    ("typescript", "f();\nexport default abstract class {\n  g( {}\n}\n", 3),
]


@pytest.mark.parametrize("name", MACROS)
def test_a_macro_is_no_fault(name: str) -> None:
    assert faults(*MACROS[name]) == []


@pytest.mark.parametrize(("language", "code"), NEWER)
def test_newer_syntax_is_no_fault(language: str, code: str) -> None:
    assert faults(language, code) == []


@pytest.mark.parametrize(("language", "code", "line"), BROKEN)
def test_what_is_broken_is_found_all_the_same(language: str, code: str, line: int) -> None:
    assert faults(language, code)[0] == line


@pytest.mark.parametrize("line", ["Q_OBJECT", "TEST(a, b) {", "BOOST_FOREACH(auto x, xs) {"])
def test_a_line_that_is_only_a_macro_of_some_header_is_no_fault(line: str) -> None:
    closing = "}" if line.endswith("{") else ""

    assert faults("cpp", f"struct A {{\n{line}\n{closing}\n}};\n") == []


def test_an_expansion_keeps_every_line() -> None:
    code = "#define A(x) \\\n  x /* of\ntwo lines */\nint y = A(\n1\n);\nint z;\n"

    expanded = Macros(code).expanded()

    assert expanded.count("\n") == code.count("\n")
    assert expanded.split("\n")[6] == "int z;"
    assert "int y = 1" in expanded


@pytest.mark.parametrize(
    ("code", "expanded"),
    [
        ("#define CAT(a, b) a##b\nCAT(x, 1);", "x1;"),
        ("#define S(a) f(#a)\nS(x y);", 'f("");'),
        ("#define V(f, ...) f(__VA_ARGS__)\nV(g, 1, (2, 3));", "g(1, (2, 3));"),
        ("#define A B\n#define B A\nA;", "A;"),
        ("#define F(x) x\nint F; F(F(2));", "int F; 2;"),
        ("#define P (1)\nP;", "(1);"),
        ("#define E\nE int x;", " int x;"),
    ],
)
def test_macros_are_expanded_as_a_compiler_does(code: str, expanded: str) -> None:
    assert Macros(code).expanded().strip("\n") == expanded


BOMB = "\n".join([*(f"#define A{n} A{n + 1} A{n + 1}" for n in range(30)), "A0"])


@pytest.mark.parametrize(
    "code",
    [
        BOMB,
        "\n".join([*(f"#define A{n} A{n + 1}" for n in range(5_000)), "A0"]),
        "#define D(x) x x x x\n" + "D(" * 30 + "1" + ")" * 30,
    ],
)
def test_an_expansion_without_end_is_given_up(code: str) -> None:
    with pytest.raises(TooMuchError):
        Macros(code).expanded()
    assert faults("cpp", code + "\nint x = ;") in ([], [code.count("\n") + 2])


@pytest.mark.parametrize("language", ["c", "cpp", "java", "rust", "go", "python", "javascript", "typescript"])
def test_older_syntax_has_the_same_lines(language: str) -> None:
    code = (
        "case final\n A\n.\nB(new\n(x)\n)\nimport\n module x;\nif\n consteval {}\nsuper\n(1)\nclass A\n[\n]\n"
    )

    assert in_older_syntax(language, code).count("\n") == code.count("\n")
