using ExpEther.Pcie;

namespace ExpEther.RootComplex.Config;

/// <summary>Configuration space of the functions below some root, by bus, device and function. Every access ends, by a completion or its timeout.</summary>
public interface IConfigAccess
{
    /// <param name="target">Which function.</param>
    /// <param name="register">Byte offset, DW aligned, 0 to 4092.</param>
    ValueTask<ConfigResult> ReadAsync(Rid target, int register);

    /// <param name="target">Which function.</param>
    /// <param name="register">Byte offset, DW aligned, 0 to 4092.</param>
    /// <param name="value">The DW.</param>
    /// <param name="enables">Which of its bytes are written, bits 3:0.</param>
    ValueTask<ConfigStatus> WriteAsync(Rid target, int register, uint value, int enables = 0xF);
}
