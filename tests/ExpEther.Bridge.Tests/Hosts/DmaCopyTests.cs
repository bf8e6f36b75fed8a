using CsCheck;
using ExpEther.Bridge.Hosts;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Tests.Hosts;

public class DmaCopyTests
{
    [Fact]
    public void Copies_every_byte_at_any_alignment_and_touches_no_other() =>
        Gen.Select(Gen.Int[0, 15], Gen.Int[0, 15], Gen.Int[0, 300]).Sample((hostOffset, frameOffset, bytes) =>
        {
            var frame = new byte[400];
            for (var i = 0; i < frame.Length; i++)
            {
                frame[i] = (byte)(i + 1);
            }

            var host = new byte[400];
            DmaCopy.ToHost(frame.AsSpan(frameOffset, bytes), new HostAddress(0x1000 + (ulong)hostOffset), host.AsSpan(hostOffset, bytes));

            Assert.Equal(frame.AsSpan(frameOffset, bytes), host.AsSpan(hostOffset, bytes));
            Assert.Equal(-1, host.AsSpan(0, hostOffset).IndexOfAnyExcept((byte)0));
            Assert.Equal(-1, host.AsSpan(hostOffset + bytes).IndexOfAnyExcept((byte)0));

            var back = new byte[400];
            DmaCopy.FromHost(new HostAddress(0x1000 + (ulong)hostOffset), host.AsSpan(hostOffset, bytes), back.AsSpan(frameOffset, bytes));

            Assert.Equal(frame.AsSpan(frameOffset, bytes), back.AsSpan(frameOffset, bytes));
            Assert.Equal(-1, back.AsSpan(frameOffset + bytes).IndexOfAnyExcept((byte)0));
        });
}
