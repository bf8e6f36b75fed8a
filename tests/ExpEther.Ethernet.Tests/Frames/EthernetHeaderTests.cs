using CsCheck;
using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Tests.Frames;

public class EthernetHeaderTests
{
    [Fact]
    public void A_header_reads_back_as_written() =>
        Gen.Select(Gen.ULong[0, 0xFFFF_FFFF_FFFF], Gen.ULong[0, 0xFFFF_FFFF_FFFF], Gen.UShort[0, 4094], Gen.UShort[0x8101, 0xFFFF]).Sample(
            (destination, source, vid, type) =>
            {
                var bytes = new byte[EthernetHeader.TaggedBytes];
                var length = EthernetHeader.Write(bytes, new MacAddress(destination), new MacAddress(source), new VlanId(vid), type);
                Assert.Equal(vid == 0 ? EthernetHeader.UntaggedBytes : EthernetHeader.TaggedBytes, length);
                Assert.True(EthernetHeader.TryParse(bytes.AsSpan(0, length), out var header));
                Assert.Equal(new EthernetHeader(new MacAddress(destination), new MacAddress(source), new VlanId(vid), type, length), header);
            });

    [Fact]
    public void Any_bytes_are_a_header_or_refused() =>
        Gen.Byte.Array[0, 40].Sample(bytes =>
        {
            if (EthernetHeader.TryParse(bytes, out var header))
            {
                Assert.InRange(header.Bytes, EthernetHeader.UntaggedBytes, bytes.Length);
            }
        });

    [Fact]
    public void A_tag_that_carries_only_a_priority_is_no_VLAN()
    {
        var frame = Lab.TestFrames.Make(Lab.TestFrames.MacB, Lab.TestFrames.MacA, new VlanId(1), "x"u8);
        frame[14] = 0xE0;
        frame[15] = 0;
        Assert.True(EthernetHeader.TryParse(frame, out var header));
        Assert.Equal((VlanId.None, EthernetHeader.TaggedBytes), (header.Vlan, header.Bytes));
    }
}
