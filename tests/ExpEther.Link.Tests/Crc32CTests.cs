using System.Text;
using CsCheck;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

public class Crc32CTests
{
    [Theory]
    [InlineData("123456789", 0xE3069283)]
    [InlineData("", 0)]
    public void It_is_the_checksum_of_the_catalogues(string text, uint expected) => Assert.Equal(expected, Crc32C.Compute(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void It_is_that_of_RFC_3720_for_its_worked_examples()
    {
        Assert.Equal(0x8A9136AAU, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43U, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794EU, Crc32C.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
    }

    [Fact]
    public void Several_lanes_at_once_give_what_one_bit_at_a_time_gives()
    {
        Gen.Select(Gen.Byte.Array[0, 10_000], Gen.UInt).Sample((data, start) =>
        {
            var crc = start;
            foreach (var octet in data)
            {
                crc ^= octet;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
                }
            }

            Assert.Equal(crc, Crc32C.Continue(start, data));
        }, iter: 300);
    }
}
