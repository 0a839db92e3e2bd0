"""What is a solution and what an empty template, on one line or many, in the eight languages."""

from __future__ import annotations

import time

import pytest

from aiplane.source import Source
from aiplane.template import is_template

WRITTEN = {
    "python": [
        "def two_sum(a, t): return next([i, j] for i in range(len(a)) for j in range(i) if a[i] + a[j] == t)",
        "import sys; n = int(input()); print(n * 2)",
        "print(sum(map(int, input().split())))",
        "f = lambda a: sorted(a)",
        "class S: f = staticmethod(lambda a: a)",
        "def hello(): return 'Hello, world'",
        "from math import gcd; print(gcd(*map(int, input().split())))",
        "async def f(x): await g(x)",
        "def f(a: dict[str, int] = {}) -> list[int]: return list(a)",
        "def f(a): x = 1; return x",
        "def f[T](a: T) -> T: return a",
        "class A: pass; x = f(3)",
        "@cache\ndef fib(n): return n if n < 2 else fib(n-1) + fib(n-2)",
        "assert f(3) == 4",
        "with open(0) as f: print(f.read())",
        "def f(a): return 1",
        "def f(a): return a",
        "def solve(s): return s[::-1]",
        "def f(x): return {k: v for k, v in x}",
        "if __name__ == '__main__': print(main())",
    ],
    "javascript": [
        "function f(a) { return a.map(x => x * 2); }",
        "const f = a => a.length;",
        "const f = (a) => { return a + 1 }",
        "module.exports = a => a.sort();",
        "console.log(require('fs').readFileSync(0, 'utf8').split('\\n').length)",
        "const f = function (a) { return a[0] }",
        "class S { twoSum(a) { return a } }",
        "export default (a) => a",
        "import fs from 'fs'; console.log(fs)",
        "async function f(a) { await g(a) }",
        "function* g() { yield 1 }",
        "var f = async (a) => g(a)",
        "let f = ({a, b}) => a + b",
        "function f({a, b}) { return a + b }",
    ],
    "typescript": [
        "export const f = (a: number[]): number => a.length;",
        "function f(a: number[]): number { return a[0]; }",
        "const f: (a: number) => number = a => a + 1;",
        "class S { f(a: number): number { return a } }",
        "function f<T extends object>(a: T): T { return a; }",
        "function f(a: {x: number}): number { return a.x }",
    ],
    "java": [
        "class Main { public static void main(String[] a) { System.out.println(1); } }",
        "class S { int f(int[] a) { return a.length; } }",
        "public int f(int[] a) { return a[0]; }",
        "@Override public int f(int a) { return a + 1; }",
        "class S { List<Integer> f(List<Integer> a) throws Exception { Collections.sort(a); return a; } }",
        "public class A { static int f(int x) { return x < 2 ? x : f(x - 1) + f(x - 2); } }",
    ],
    "cpp": [
        "int main() { int n; cin >> n; cout << n * 2; }",
        "using namespace std; int main() { int n; cin >> n; cout << n; }",
        "class S { public: int f(int a) { return a; } };",
        "auto f(int a) -> int { return a + 1; }",
        "int f(vector<int>& a) { return a.size(); }",
        "template <class T> T f(T a) { return a; }",
        "#include <x>\nint f(int a) { return a * 2; }",
        "auto f = [](int a) { return a; };",
    ],
    "c": [
        "int add(int a,int b){return a+b;}",
        'int main(void){int n;scanf("%d",&n);printf("%d",n);return 0;}',
        '#include <stdio.h>\nint main(){printf("hi");}',
        "char *f(char *s) { return s + 1; }",
        "static int *f(int *a, int n) { a[0] = n; return a; }",
        "void f(int *a) { *a = 1; }",
    ],
    "go": [
        'package main; import "fmt"; func main() { fmt.Println(1) }',
        "func f(a []int) int { return len(a) }",
        "func (s *S) f(a int) (int, error) { return a, nil }",
        "func f(m map[string]interface{}) interface{} { return m }",
        "var f = func(a int) int { return a }",
        "func f() func() int { x := 1; return func() int { return x } }",
    ],
    "rust": [
        "fn f(a: &[i32]) -> i32 { a.iter().sum() }",
        "pub fn f(a: Vec<i32>) -> usize { a.len() }",
        "impl S { pub fn f(a: i32) -> i32 { a + 1 } }",
        'fn main() { println!("{}", 1); }',
        "fn f<T: Ord>(a: T) -> T where T: Clone { a }",
        "use std::io; fn main() { let x = io::stdin(); }",
        "fn f(a: &dyn Fn(i32) -> i32) -> i32 { a(1) }",
    ],
}

EMPTY = {
    "python": [
        "",
        "def f(a): pass",
        "def f(a): ...",
        "def f(a: int = 3) -> int:\n    return None",
        "class Solution:\n    def f(self, a: List[int]) -> int:\n        pass",
        "from typing import *\nimport sys, os\n",
        "def f(a): return []",
        "# hi\n\ndef f(a):\n    '''doc'''\n    return -1\n",
        "class A: ...",
        "@cache\ndef f(): pass",
        "def f(a):\n    raise NotImplementedError",
        "def f(a): return ''",
        "def f():  # todo\n    pass",
        "def f(a,\n",
    ],
    "javascript": [
        "function f(a) {\n}",
        "function f(a) {}",
        "const f = (a) => {\n};",
        "const f = function (a) { return null; }",
        "class S { twoSum(a) { } }",
        "/** x */\nvar f = function(a) {\n    \n};",
        "export default function f(a) { return; }",
        "import fs from 'fs';\nconst x = require('x');",
        "function f({a, b}) {\n}",
        "async function f() { return undefined }",
    ],
    "typescript": [
        "function f(a: number[]): number {\n}",
        "export const f = (a: number): number => {\n}",
        "class S { f(a: number): number { return 0 } }",
        "function f<T>(a: T): Array<T> { return []; }",
    ],
    "java": [
        "class Solution {\n    public int[] f(int[] a, int b) {\n        \n    }\n}",
        "import java.util.*;\nclass A { int f() { return 0; } }",
        "public class Main { public static void main(String[] args) { } }",
        "class S { List<Integer> f(Map<String, Integer> a) throws IOException { return null; } }",
        '@Override\npublic String f() { return ""; }',
        "class A extends B implements C {\n}",
    ],
    "cpp": [
        "class Solution {\npublic:\n    vector<int> f(vector<int>& a, int b) {\n        \n    }\n};",
        "#include <x>\nusing namespace std;\nint main() {\n    return 0;\n}",
        "int main() { }",
        "auto f(int a) -> int { return 0; }",
        "class A : public B {\n};",
        "const string& f(const string& s) const {\n}",
    ],
    "c": [
        "int* f(int* a, int n, int* r) {\n    \n}",
        "#include <stdio.h>\nint main(void) { return 0; }",
        "char *f(const char *s)\n{\n  return NULL;\n}",
    ],
    "go": [
        'package main\nimport "fmt"\nfunc f(a []int) []int {\n    \n}',
        "func f(a int) (int, error) { return nil }",
        'package main\nimport (\n  "fmt"\n)\nfunc main() {}',
    ],
    "rust": [
        "impl Solution {\n    pub fn f(a: Vec<i32>, b: i32) -> Vec<i32> {\n        \n    }\n}",
        "fn f() -> i32 { todo!() }",
        "use std::collections::{HashMap, HashSet};\nfn main() {}",
        "#[derive(Debug)] struct P;\nfn f<T: Ord>(a: &[T]) -> Option<T> where T: Clone {\n}",
    ],
}


def cases(codes: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, code) for language, listed in codes.items() for code in listed]


@pytest.mark.parametrize(("language", "code"), cases(WRITTEN))
def test_a_line_that_does_something_is_a_solution(language: str, code: str) -> None:
    assert not Source(code, language, None).is_empty


@pytest.mark.parametrize(("language", "code"), cases(EMPTY))
def test_a_template_is_none(language: str, code: str) -> None:
    assert Source(code, language, None).is_empty


@pytest.mark.parametrize(
    "code", ["def f(a) a + 1 end", "function f(a) return a end", "fun f(a: Int) = a + 1"]
)
def test_other_languages_have_one_liners_too(code: str) -> None:
    assert not Source(code, "another", None).is_empty


@pytest.mark.parametrize(
    "text",
    [
        "def f(" * 66,
        "(" * 400,
        "a " * 200,
        "a<a " * 100,
        "fn " + "a:" * 198,
        "f((((" + "a" * 390,
        "import " * 57,
        "class A" + " :a" * 130,
        "const a = (" + "(a)" * 130,
        "pub(a) " * 57,
        "@a" + "()" * 190,
        "int " * 99 + "f(",
    ],
)
def test_no_line_costs_much(text: str) -> None:
    started = time.process_time()

    is_template(text[:400])

    assert time.process_time() - started < 0.1
