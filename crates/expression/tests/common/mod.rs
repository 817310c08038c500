//! Owns the hostile expressions that several tests run.

/// Expressions that mean harm: to time, memory, the stack or the parser.
pub fn hostile_expressions() -> Vec<String> {
    let mut all: Vec<String> = HOSTILE.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
    for (open, middle, close, count) in [
        ("(", "1", ")", 2_000),
        ("(", "1", ")", 49),
        ("[", "1", "]", 2_000),
        ("[", "1", "]", 45),
        ("{\"a\":", "1", "}", 600),
        ("{\"a\":", "1", "}", 31),
        ("-", "1", "", 4_000),
        ("-", "s", "", 48),
        ("$not(", "1", ")", 600),
        ("$not(", "1", ")", 48),
        ("1?1:", "1", "", 1_000),
        ("0?1:", "1", "", 48),
        ("1", "", "&1", 2_000),
        ("", "1", "&1", 98),
        ("", "a", ".a", 2_000),
        ("", "a", ".a", 90),
        ("", "list", "[0]", 1_300),
        ("", "list", "[0]", 90),
        ("", "1", "~>$string", 400),
        ("", "1", "~>$string", 90),
        ("$a:=", "1", "", 1_000),
        ("$map(list,function($x){", "1", "})", 150),
        ("$map(list,function($x){", "1", "})", 40),
        ("$map([1,2],function($x){", "1", "})", 40),
        ("", "1", "??1", 1_300),
        ("/*", "", "*/", 1_000),
        ("`", "", "`", 1_000),
        ("\u{1F44D}", "", "\"", 900),
        ("!", "", "", 4_000),
    ] {
        all.push(format!("{}{middle}{}", open.repeat(count), close.repeat(count)));
    }
    // Each function calls the one before it twice: 2^40 calls.
    let mut doubling = "($f0 := function($x){$x};".to_owned();
    doubling.extend((1..40).map(|n| {
        let before = n - 1;
        format!("$f{n} := function($x){{$f{before}($x) + $f{before}($x)}};")
    }));
    all.push(format!("{doubling} $f39(1))"));
    all.push(format!("({} 1)", "$f := function($x){$x};".repeat(150)));
    all.push("a".repeat(5_000));
    all
}

const HOSTILE: &str = r#"
$reduce([1..40], function($a,$b){$a & $a}, "x")
$reduce([1..200], function($a,$b){$a & $a}, "xxxxxxxxxx")
$reduce([1..14], function($a,$b){$a & $a}, s)
$pad("x", 100000000)
$pad("x", 1e15)
$pad("x", -1e300)
$pad("x", 30000, s)
[1..1000000000]
[1..1e18]
[-1e300..1e300]
[9007199254740990..9007199254740999]
[1e300..1e300]
$join(list.$pad("x",1000))
$join(names, s)
$replace(s, "a", s)
$replace(s, /a/, s)
$replace(s, /(a*)(a*)/, "$1$2$1$2")
$replace(s, /(a*)*b/, "x")
$replace(s, /a*?/, "xx")
$replace(s, /((((a?){30}){30}){30}){30}/, "x")
$match(s, /(?:a{0,1000}){0,1000}/)
$match(s, /a/)
$match(s, /a?/)
$match(s, /(a)(a)(a)(a)(a)/)
$contains(s, /(.*)(.*)(.*)(.*)(.*)b/)
$contains(s, /(a|aa)+$b/)
$contains(s, /a{60}b/)
$contains(s, /[^b]{40}b/)
$contains(s, /(?i)(?:a?){20}(?:a){20}c/)
$match(s, /((?:a?){60})[bc]/)
$match($substring(s, 0, 20000) & "b", /((a?){20})*b/)
$match($substring(s, 0, 12000) & "b", /(((a?)(a?)){10})*(b)/)
$match($substring(s, 0, 6000) & "b", /(((a?)(a?)){20})*(b)/)
$match(s, /((?:a|aa|aaa){1,40})[bc]/)
$replace(s, /(([^b]?){90})([bc])/, "$1")
$replace($substring(s, 0, 9000), /(([^b]?){30})([bc])/, "$1")
$replace($substring(s, 0, 12000), /((.?.?){12})([bc])/, "$1")
$replace($substring(s, 0, 20000), /((a?){20})([bc])/, "$1")
$contains($substring(s, 0, 20000), /((a?){20})([bc])/)
$split($substring(s, 0, 6000), /((a?){40})([bc])/)
names[$contains($, /(.*)-(.*)-(.*)x/)]
names[$contains($, /^app-[0-9]+$/)]
list.$contains($$.s, /(a|b|ab)*c/)
list.$contains($$.s, "b")
list.$length($$.s)
list.$uppercase($$.s)
list.$split($$.s, "")
list.($$.s = $$.s & "")
list.($$.s < $$.s)
$sort(list.($$.s & $))
$sort(list, function($a,$b){true})
$sort(list, function($a,$b){$a < $b})
$sort(names, function($a,$b){$contains($a, /1+$/)})
$split(s, "")
$split(s, /a/)
$split(s, /a?/)
$distinct(list)
$distinct($split($substring(s, 0, 2000), ""))
list[$ in $$.list]
list.$$.list
list.$$.list.$$.list
list.[$$.list]
list.{"a": $$.list}
$map(list, function($x){$$.list})
$map(list, function($x){$map($$.list, function($y){$x*$y})})
$reduce(list, function($a,$b){$append($a,$a)}, 1)
$reduce([1..60], function($a,$b){[$a,$a]}, 1)
$reduce([1..30], function($a,$b){[[$a],[$a]]}, 1)
$string($reduce([1..30], function($a,$b){[[$a],[$a]]}, 1))
$reduce([1..25], function($a,$b){{"a":$a,"b":$a}}, 1)
$string($reduce([1..25], function($a,$b){{"a":$a,"b":$a}}, 1))
$reduce([1..25], function($a,$b){{"a":$a,"b":$a}}, 1) = $reduce([1..25], function($a,$b){{"a":$a,"b":$a}}, 1)
$boolean($reduce([1..30], function($a,$b){[[$a],[$a]]}, 0))
$reduce([1..25], function($a,$b){{"a":$a,"b":$a}}, 1).*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*.*
$reduce([1..30], function($a,$b){[[$a],[$a]]}, 1).*
$reduce([1..9], function($a,$b){$a.($a)}, list)
$merge(list.{$string($): $$.s})
$keys($merge(list.{$string($): 1}))
$reduce(list, function($a,$b){$merge([$a, {$string($b): 1}])}, {})
{s: s}
[s,s,s,s,s,s,s,s]
list.(s)
$string($$)
$$ & $$ & $$ & $$ & $$ & $$
$substring(s, -1e300, 1e300)
$substring("x", 1e300, 1e300)
$round(1.5, 1e10)
$round(1e308, -15)
$round(1e308, 15)
1e999
1e308 * 10
-1e308 - 1e308
1 / 0
0 / 0
5 % 0
$number("1e999")
$number("------1")
$formatDate("9999-99-99", "YYYY")
$formatDate("2031-02-29", "YYYY")
$formatDate("20é1-02-03", "YYYY")
$formatDate("2031-05-09Té", "YYYY")
$formatDate("2031-05-09", $$.s)
$formatDate("2031-05-09T1é:30", "HH")
"\uD800"
"\uD83D\u0041"
"\uD83D\uDC4D"
"\u00
$substring("é👍é", 1, 1)
$split("é👍é", "")
$replace("é👍é", /./, "👍")
$match("é👍é", /👍/)
$contains("x", /(/)
$contains("x", /[/)
$contains("x", /\/)
$contains("x", /a**/)
$contains("x", /\B/)
$contains("x", /(?P<n>a)(?P<n>b)/)
$contains("x", /\p{Greek}/)
$contains("x", //)
$primaryEmail(1)
$name(list)
$emails(s)
$enterprise($$)
$lookup($$, s)
$eval("1")
$$
$
*
**
%
@
#$i
|$|{}|
function(){1}
function
$
$f := function($a,$a){1}
$$$$
..
[..]
[1..]
{:}
{"a"}
?
:
;
;;
"#;
