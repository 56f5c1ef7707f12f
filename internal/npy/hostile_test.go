package npy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/internal/npy"
)

// hostile are files that must not be read, each with its error.
var hostile = map[string]struct {
	file string
	want error
}{
	// The bytes before the text.
	"empty":                 {"", npy.ErrFormat},
	"magic only":            {"\x93NUMPY", npy.ErrFormat},
	"another magic":         {"\x94" + file(1, dict("<f8", "(3,)"))[1:], npy.ErrFormat},
	"magic in lower case":   {"\x93numpy" + file(1, dict("<f8", "(3,)"))[6:], npy.ErrFormat},
	"a zip file":            {"PK\x03\x04\x14\x00\x00\x00\x08\x00", npy.ErrFormat},
	"version 0.0":           {file(0, dict("<f8", "(3,)")), npy.ErrFormat},
	"version 1.1":           {strings.Replace(file(1, dict("<f8", "(3,)")), "\x01\x00", "\x01\x01", 1), npy.ErrFormat},
	"version 4.0":           {file(4, dict("<f8", "(3,)")), npy.ErrFormat},
	"version 255.255":       {"\x93NUMPY\xff\xff\x00\x00\x00\x00", npy.ErrFormat},
	"no length":             {"\x93NUMPY\x01\x00", npy.ErrFormat},
	"half a length":         {"\x93NUMPY\x02\x00\x10\x00", npy.ErrFormat},
	"4 GiB of header":       {"\x93NUMPY\x02\x00\xff\xff\xff\xff", npy.ErrFormat},
	"2 GiB of header":       {"\x93NUMPY\x03\x00\x00\x00\x00\x80{", npy.ErrFormat},
	"header a byte too big": {file(2, dict("<f8", "(3,)")+strings.Repeat(" ", 65537-len(dict("<f8", "(3,)")))), npy.ErrFormat},
	"text missing":          {"\x93NUMPY\x01\x00\xff\xff", npy.ErrFormat},
	"text cut off":          {file(1, dict("<f8", "(3,)"))[:40], npy.ErrFormat},
	"text of no bytes":      {file(1, ""), npy.ErrFormat},

	// The dict.
	"white space only":     {file(1, "   \n"), npy.ErrFormat},
	"zeros":                {file(1, strings.Repeat("\x00", 100)), npy.ErrFormat},
	"empty dict":           {file(1, "{}"), npy.ErrFormat},
	"only a comma":         {file(1, "{,}"), npy.ErrFormat},
	"no dict":              {file(1, "('descr', '<f8')"), npy.ErrFormat},
	"brace does not close": {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), "), npy.ErrFormat},
	"brace closes twice":   {file(1, dict("<f8", "(3,)")+"}"), npy.ErrFormat},
	"two dicts":            {file(1, dict("<f8", "(3,)")+dict("<f8", "(3,)")), npy.ErrFormat},
	"zeros after the dict": {file(1, dict("<f8", "(3,)")+"\x00\x00\x00"), npy.ErrFormat},
	"code after the dict":  {file(1, dict("<f8", "(3,)")+".clear()"), npy.ErrFormat},
	"a comment":            {file(1, dict("<f8", "(3,)")+" # x"), npy.ErrFormat},
	"vertical tab":         {file(1, dict("<f8", "(3,)")+"\v"), npy.ErrFormat},
	"no-break space":       {file(1, dict("<f8", "(3,)")+"\xa0"), npy.ErrFormat},
	"two commas":           {file(1, "{'descr': '<f8',, 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"no comma":             {file(1, "{'descr': '<f8' 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"no colon":             {file(1, "{'descr' '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"key without value":    {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape':}"), npy.ErrFormat},
	"no descr":             {file(1, "{'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"no fortran_order":     {file(1, "{'descr': '<f8', 'shape': (3,)}"), npy.ErrFormat},
	"no shape":             {file(1, "{'descr': '<f8', 'fortran_order': False}"), npy.ErrFormat},
	"unknown key":          {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'x': 1}"), npy.ErrFormat},
	"key in upper case":    {file(1, "{'DESCR': '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"key with a blank":     {file(1, "{'descr ': '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"key without quotes":   {file(1, "{descr: '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"key of zeros":         {file(1, "{"+strings.Repeat(" ", 20_000)+"'"+strings.Repeat("\x00", 100)+"': 1}"), npy.ErrFormat},
	"descr twice":          {file(1, "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"order twice":          {file(1, "{'descr': '<f8', 'fortran_order': False, 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"shape twice":          {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'shape': (3,)}"), npy.ErrFormat},
	"order 0":              {file(1, "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}"), npy.ErrFormat},
	"order in quotes":      {file(1, "{'descr': '<f8', 'fortran_order': 'True', 'shape': (3,)}"), npy.ErrFormat},
	"order in lower case":  {file(1, "{'descr': '<f8', 'fortran_order': true, 'shape': (3,)}"), npy.ErrFormat},
	"order Trueish":        {file(1, "{'descr': '<f8', 'fortran_order': Trueish, 'shape': (3,)}"), npy.ErrFormat},
	"order Tru":            {file(1, "{'descr': '<f8', 'fortran_order': Tru"), npy.ErrFormat},
	"escape in a key":      {file(1, `{'\x64escr': '<f8', 'fortran_order': False, 'shape': (3,)}`), npy.ErrFormat},
	"escape in descr":      {file(1, dict(`<f8\n`, "(3,)")), npy.ErrFormat},
	"newline in descr":     {file(1, dict("<f8\n", "(3,)")), npy.ErrFormat},
	"quotes do not match":  {file(1, `{"descr': '<f8', 'fortran_order': False, 'shape': (3,)}`), npy.ErrFormat},
	"quote does not close": {file(1, "{'descr': '<f8"), npy.ErrFormat},
	"nested 30,000 deep":   {file(1, "{'descr': "+strings.Repeat("[", 30_000)), npy.ErrFormat},

	// The type.
	"zeros as type":    {file(1, dict(strings.Repeat("\x00", 100), "(3,)")), npy.ErrDType},
	"bool":             {file(1, dict("|b1", "(3,)")), npy.ErrDType},
	"object":           {file(1, dict("|O", "(3,)")), npy.ErrDType},
	"string":           {file(1, dict("<U5", "(3,)")), npy.ErrDType},
	"bytes":            {file(1, dict("|S3", "(3,)")), npy.ErrDType},
	"void":             {file(1, dict("|V8", "(3,)")), npy.ErrDType},
	"date":             {file(1, dict("<M8[ns]", "(3,)")), npy.ErrDType},
	"duration":         {file(1, dict("<m8[s]", "(3,)")), npy.ErrDType},
	"float16":          {file(1, dict("<f2", "(3,)")), npy.ErrDType},
	"float128":         {file(1, dict("<f16", "(3,)")), npy.ErrDType},
	"complex256":       {file(1, dict("<c32", "(3,)")), npy.ErrDType},
	"complex32":        {file(1, dict("<c4", "(3,)")), npy.ErrDType},
	"int128":           {file(1, dict("<i16", "(3,)")), npy.ErrDType},
	"uint24":           {file(1, dict("<u3", "(3,)")), npy.ErrDType},
	"float8":           {file(1, dict("|f1", "(3,)")), npy.ErrDType},
	"size 08":          {file(1, dict("<f08", "(3,)")), npy.ErrDType},
	"size of 20 digit": {file(1, dict("<f88888888888888888888", "(3,)")), npy.ErrDType},
	"no size":          {file(1, dict("<f", "(3,)")), npy.ErrDType},
	"no kind":          {file(1, dict("<8", "(3,)")), npy.ErrDType},
	"only an order":    {file(1, dict("<", "(3,)")), npy.ErrDType},
	"two orders":       {file(1, dict("<>f8", "(3,)")), npy.ErrDType},
	"another order":    {file(1, dict("!f8", "(3,)")), npy.ErrDType},
	"empty descr":      {file(1, dict("", "(3,)")), npy.ErrDType},
	"blank in descr":   {file(1, dict("<f8 ", "(3,)")), npy.ErrDType},
	"a name":           {file(1, dict("float64", "(3,)")), npy.ErrDType},
	"several":          {file(1, dict("<f8,<f8", "(3,)")), npy.ErrDType},
	"fields":           {file(1, "{'descr': [('a', '<i4'), ('b]', '<f8', (2,))], 'fortran_order': False, 'shape': (3,)}"), npy.ErrDType},
	"array as type":    {file(1, "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (3,)}"), npy.ErrDType},
	"number as type":   {file(1, "{'descr': 8, 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"None as type":     {file(1, "{'descr': None, 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"unicode literal":  {file(1, "{'descr': u'<f8', 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"fields, no end":   {file(1, "{'descr': [('a', '<i4'), 'fortran_order': False, 'shape': (3,)}"), npy.ErrFormat},
	"type and no end":  {file(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)"), npy.ErrFormat},

	// The shape.
	"no tuple":               {file(1, dict("<f8", "(3)")), npy.ErrFormat},
	"number as shape":        {file(1, dict("<f8", "3")), npy.ErrFormat},
	"list as shape":          {file(1, dict("<f8", "[3, 4]")), npy.ErrFormat},
	"None as shape":          {file(1, dict("<f8", "None")), npy.ErrFormat},
	"comma as shape":         {file(1, dict("<f8", "(,)")), npy.ErrFormat},
	"two commas in shape":    {file(1, dict("<f8", "(3,,4)")), npy.ErrFormat},
	"no comma in shape":      {file(1, dict("<f8", "(3 4)")), npy.ErrFormat},
	"shape in shape":         {file(1, dict("<f8", "((3,),)")), npy.ErrFormat},
	"shape does not end":     {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4"), npy.ErrFormat},
	"float in shape":         {file(1, dict("<f8", "(3.0,)")), npy.ErrFormat},
	"exponent in shape":      {file(1, dict("<f8", "(3e2,)")), npy.ErrFormat},
	"hexadecimal in shape":   {file(1, dict("<f8", "(0x3,)")), npy.ErrFormat},
	"underscore in shape":    {file(1, dict("<f8", "(1_000,)")), npy.ErrFormat},
	"plus in shape":          {file(1, dict("<f8", "(+3,)")), npy.ErrFormat},
	"octal in shape":         {file(1, dict("<f8", "(03,)")), npy.ErrFormat},
	"True in shape":          {file(1, dict("<f8", "(True,)")), npy.ErrFormat},
	"string in shape":        {file(1, dict("<f8", "('3',)")), npy.ErrFormat},
	"sum in shape":           {file(1, dict("<f8", "(1+2,)")), npy.ErrFormat},
	"minus only":             {file(1, dict("<f8", "(-,)")), npy.ErrFormat},
	"3l in shape":            {file(1, dict("<f8", "(3l,)")), npy.ErrFormat},
	"3LL in shape":           {file(1, dict("<f8", "(3LL,)")), npy.ErrFormat},
	"L in shape":             {file(1, dict("<f8", "(L,)")), npy.ErrFormat},
	"3L in version 3":        {file(3, dict("<f8", "(3L,)")), npy.ErrFormat},
	"negative axis":          {file(1, dict("<f8", "(-1,)")), npy.ErrShape},
	"negative axis, later":   {file(1, dict("<f8", "(3, -2L)")), npy.ErrShape},
	"negative next to 0":     {file(1, dict("<f8", "(0, -1)")), npy.ErrShape},
	"smallest int":           {file(1, dict("<f8", fmt.Sprintf("(%d,)", math.MinInt))), npy.ErrShape},
	"axis beyond int":        {file(1, dict("|i1", "("+beyond+",)")), npy.ErrShape},
	"ten times that":         {file(1, dict("|i1", "("+beyond+"0,)")), npy.ErrShape},
	"axis of 20 digits":      {file(1, dict("|i1", "(99999999999999999999,)")), npy.ErrShape},
	"axis of 2 to the 64":    {file(1, dict("|i1", "(18446744073709551617,)")), npy.ErrShape},
	"axis of 60,000 digits":  {file(1, dict("|i1", "("+strings.Repeat("9", 60_000)+",)")), npy.ErrShape},
	"beyond int next to 0":   {file(1, dict("|i1", "(0, "+beyond+")")), npy.ErrShape},
	"more bytes than int":    {file(1, dict("<f8", fmt.Sprintf("(%d,)", math.MaxInt/8+1))), npy.ErrShape},
	"more elements than int": {file(1, dict("|i1", fmt.Sprintf("(%d, 2)", math.MaxInt/2+1))), npy.ErrShape},
	"product wraps to 0":     {file(1, dict("|u1", fmt.Sprintf("(%d, 4)", math.MaxInt/2+1))), npy.ErrShape},
	"product wraps to small": {file(1, dict("|u1", fmt.Sprintf("(%d, 4, 3)", math.MaxInt/4+2))), npy.ErrShape},
	"overflow before 0":      {file(1, dict("<f8", fmt.Sprintf("(%d, 2, 0)", math.MaxInt/8))), npy.ErrShape},
	"overflow after 0":       {file(1, dict("<f8", fmt.Sprintf("(0, %d, 2)", math.MaxInt/8))), npy.ErrShape},
	"64 axes of 2":           {file(1, dict("|u1", axes(64, 2))), npy.ErrShape},
	"65 axes":                {file(1, dict("<f8", axes(65, 1))), npy.ErrShape},
	"30,000 axes":            {file(1, dict("<f8", "("+strings.Repeat("1,", 30_000)+")")), npy.ErrShape},
	"20,000 negative axes":   {file(1, dict("<f8", "("+strings.Repeat("-1,", 20_000)+")")), npy.ErrShape},
	"65 axes, one negative":  {file(1, dict("<f8", "(-1, "+axes(64, 1)[1:])), npy.ErrShape},
}

// beyond is the smallest number that is no int.
var beyond = fmt.Sprint(uint(math.MaxInt) + 1)

func TestReadRefuses(t *testing.T) {
	for name, tt := range hostile {
		t.Run(name, func(t *testing.T) {
			h, offset, err := npy.Read(strings.NewReader(tt.file))
			assert.Equal(t, tt.want, sentinel(err), "%v", err)
			assert.Zero(t, h)
			assert.Zero(t, offset)
			assert.Empty(t, unfit(err))
		})
	}
}

func TestReadTakesLittleMemory(t *testing.T) {
	for name, tt := range hostile {
		// What the file says its header has, if Read believes it.
		claim := min(len(tt.file), 1<<16)
		if name == "text missing" {
			claim = 1<<16 - 1
		}
		limit := claim + 8*1024
		assert.LessOrEqual(t, allocated(limit, func() { _, _, _ = npy.Read(strings.NewReader(tt.file)) }), limit, name)
	}
}
