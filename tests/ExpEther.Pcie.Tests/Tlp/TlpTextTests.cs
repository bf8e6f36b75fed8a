using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

public class TlpTextTests
{
    [Fact]
    public void Says_what_a_person_looks_for()
    {
        var rid = new Rid(1, 2, 3);
        Assert.Equal("MRd 01:02.3 tag 5 0x1001 6 B", Text(into => new MemoryRead(rid, new Tag(5), 0x1001, 6).Write(into)));
        Assert.Equal("MRd 01:02.3 tag 5 0x1000 flush", Text(into => new MemoryRead(rid, new Tag(5), 0x1000, 0).Write(into)));
        Assert.Equal("MWr 01:02.3 0x100001003 1 B [Poisoned]", Text(into => new MemoryWrite(rid, 0x1_0000_1003, TlpAttributes.Poisoned).Write(into, [1])));
        Assert.Equal(
            "CfgWr0 01:02.3 tag 5 to 04:00.0 register 0x4 0x00000006 enables 3",
            Text(into => new ConfigWrite(rid, new Tag(5), new Rid(4, 0, 0), 4, false, 6, 3).Write(into)));
        Assert.Equal(
            "Cpl 04:00.0 to 01:02.3 tag 5 UnsupportedRequest 4 B left",
            Text(into => new Completion(new Rid(4, 0, 0), rid, new Tag(5), CompletionStatus.UnsupportedRequest).Write(into)));
        Assert.Equal("Msg 01:02.3 ErrFatal ToRootComplex", Text(into => new Message(rid, MessageCode.ErrFatal, MessageRouting.ToRootComplex).Write(into)));
        Assert.Equal("not a TLP (Truncated, 3 B)", TlpText.Describe(new byte[3]));
    }

    private static string Text(TlpSample.Writer write) => TlpText.Describe(TlpSample.Written(write));
}
